"""`python -m central_hub.judge DATA PARENT`: the judge's process, which `serve` starts; nobody types it.

It is no command of `motcua-hub`, because the commands import every room of the hub and the judge needs few of them.
"""

import sys
from pathlib import Path

from central_hub.config import HubConfig
from central_hub.judge.process import run_judge
from central_hub.services import open_services
from central_hub.store.engine import JUDGE_CACHE_KIB

if __name__ == "__main__":
    data, parent = sys.argv[1:]
    services = open_services(HubConfig.load(Path(data)), cache_kib=JUDGE_CACHE_KIB)
    run_judge(services, parent=int(parent))
