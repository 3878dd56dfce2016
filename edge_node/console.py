"""What every command of `motcua-node` shares: its options, its refusals, and opening this PC's data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlite_utils import Database

from edge_node import reasons
from edge_node.backup import service as backups
from edge_node.config import ConfigInvalid, default_data, load_config
from edge_node.instance import AlreadyRunning
from edge_node.journal import WriteRefused
from edge_node.keyring import KeysMissing
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.server import PortTaken
from edge_node.services import Services, build_services
from edge_node.store import StorageFull, open_database
from edge_node.sync.transport import LineFault
from signing.console import BAD_INPUT, FAILED, Console, answering
from signing.errors import SigningError
from sync_protocol.errors import ProtocolError, RemoteFault
from sync_protocol.reasons import LOG_CHAIN


@contextmanager
def _explained(console: Console) -> Iterator[None]:
    """Whatever can be refused ends with a reason, not with a traceback."""
    try:
        yield
    except (WriteRefused, RemoteFault, LineFault, SigningError) as error:
        is_input = error.reason.status in (400, 422)
        console.refuse(error.reason, error.detail, code=BAD_INPUT if is_input else FAILED)
    except ProtocolError as error:  # the log here does not hold together
        console.refuse(LOG_CHAIN, str(error))
    except AlreadyRunning as error:
        console.refuse(reasons.RUNNING, str(error))
    except PortTaken as error:
        console.refuse(reasons.PORT_TAKEN, str(error))
    except StorageFull as error:
        console.refuse(reasons.DISK_FULL, str(error))
    except KeysMissing as error:
        console.refuse(reasons.NOT_ENROLLED, str(error))
    except backups.BackupFailed as error:
        console.refuse(reasons.BACKUP, str(error))
    except PermissionError as error:
        console.refuse(reasons.INPUT, f"--data: {error}", code=BAD_INPUT)
    except BrokenPipeError:  # whoever read the output has gone
        raise
    except OSError as error:  # a file that was named for reading or writing
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)


def loaded(console: Console) -> Services:
    """The services of the data folder, whether or not the PC has keys yet."""
    try:
        return build_services(load_config(console.data))
    except ConfigInvalid as error:
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)


@contextmanager
def opened(console: Console) -> Iterator[tuple[Database, Services]]:
    """Database and services of an initialised node."""
    services = loaded(console)
    if not services.keyring.files.is_complete:
        console.refuse(reasons.NOT_ENROLLED, str(console.data))
    db = open_database(services.config.database)
    try:
        prepare(db)
        ensure_current(db)
        yield db, services
    finally:
        db.conn.close()


common: Final = answering(
    data_help="Data folder of the node (else MOTCUA_NODE_DATA, else the system's place).",
    default_data=default_data,
    language_of=lambda console: loaded(console).config.language,
    explained=_explained,
)
