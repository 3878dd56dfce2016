"""`python -m central_hub.judge DATA PARENT`: the judge's process, which `serve` starts; nobody types it.

It is no command of `motcua-hub`, because the commands import every room of the hub and the judge needs few of them.
"""

import sys
from pathlib import Path

from central_hub.config import HubConfig
from central_hub.judge.process import run_judge
from central_hub.services import open_services

if __name__ == "__main__":
    data, parent = sys.argv[1:]
    run_judge(open_services(HubConfig.load(Path(data))), parent=int(parent))
