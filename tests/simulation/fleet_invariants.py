"""What the province's fleet must tell when all is healed: whose database was put back, and whose disk was copied.

The PCs' own logs are the truth; what the hub derives about each of them is compared with that.
"""

from sqlalchemy import Connection

from central_hub.sync.fleet import list_devices
from sync_protocol.log import LogOpening, OpeningReason
from tests.simulation.broken import require
from tests.simulation.node import SimNode

_SILENT_MS = 86_400_000


def check_fleet(connection: Connection, node: SimNode, *, now_ms: int) -> None:
    """The alert of this PC stands at the province, too; in these worlds no administrator looks into anything."""
    mine = node.services.keyring.device.public.id
    fleet = list_devices(connection, now_ms=now_ms, silent_ms=_SILENT_MS)
    told = next((device for device in fleet if device.id == mine), None)
    require(told is not None, "every enrolled PC is in the fleet", node.name)
    assert told is not None
    own = node.own_logs()
    trunks = [log for log in own if node.store.origin_of(log) == log]
    reasons = [LogOpening.from_header(node.store.span(log, 0, stop=1)[0].header).reason for log in trunks]
    require(
        told.is_put_back == (OpeningReason.RESTORE in reasons),
        "the province tells whose database was put back",
        f"{node.name} {reasons} {told.restored_ms}",
    )
    lives = sum(reason is not OpeningReason.REORGANISATION for reason in reasons)
    require(told.lives == lives, "the province counts the lives of a PC's database", f"{node.name} {lives}")
    require(told.logs == len(trunks), "the province knows every log of a PC", f"{node.name} {told.logs}")
    require(
        told.is_forked == (len(trunks) < len(own)),
        "the province tells whose log goes on in two ways",
        f"{node.name} {told.forks} {len(own)} {len(trunks)}",
    )
