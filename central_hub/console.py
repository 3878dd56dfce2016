"""What every command of `motcua-hub` shares: its options, its refusals, and opening the hub's data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from central_hub import reasons
from central_hub.accounts.service import AccountInvalid
from central_hub.backup.service import BackupInvalid
from central_hub.config import ConfigInvalid, HubConfig, default_data_folder
from central_hub.founding import AlreadyFounded
from central_hub.locks import Locked
from central_hub.publishing.service import PublicationRefused
from central_hub.registry.enrolment import EnrolmentInvalid
from central_hub.registry.revocation import RevocationInvalid
from central_hub.services import Services, open_services
from central_hub.settings import EPOCH, get_setting
from central_hub.statistics.periods import PeriodInvalid
from central_hub.store.engine import reading
from central_hub.store.schema import upgrade
from dossiers.local_time import instant
from signing.console import BAD_INPUT, FAILED, Console, answering
from signing.errors import SigningError
from sync_protocol.errors import RemoteFault


@contextmanager
def _explained(console: Console) -> Iterator[None]:
    """Whatever can be refused ends with a reason, not with a traceback."""
    try:
        yield
    except (RemoteFault, SigningError) as error:
        is_input = error.reason.status in (400, 422)
        console.refuse(error.reason, error.detail, code=BAD_INPUT if is_input else FAILED)
    except AlreadyFounded as error:
        console.refuse(reasons.ALREADY_FOUNDED, str(error))
    except Locked as error:
        console.refuse(reasons.RUNNING, str(error))
    except BackupInvalid as error:
        console.refuse(reasons.BACKUP, str(error))
    except PublicationRefused as error:
        console.refuse(reasons.PUBLICATION, str(error), code=BAD_INPUT)
    except AccountInvalid as error:
        console.refuse(reasons.ACCOUNT, str(error), code=BAD_INPUT)
    except (EnrolmentInvalid, PeriodInvalid, RevocationInvalid) as error:
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)
    except PermissionError as error:
        console.refuse(reasons.INPUT, f"--data: {error}", code=BAD_INPUT)
    except BrokenPipeError:  # whoever read the output has gone
        raise
    except OSError as error:  # a file that was named for reading or writing
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)


def loaded_config(console: Console, **overrides: Any) -> HubConfig:
    """The settings of the data folder, with those that the command itself sets."""
    try:
        return HubConfig.load(console.data, **overrides)
    except ConfigInvalid as error:
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)


def opened(console: Console, **overrides: Any) -> Services:
    """The services of a founded hub, its database in the present shape."""
    config = loaded_config(console, **overrides)
    try:
        services = open_services(config)
    except FileNotFoundError:
        console.refuse(reasons.NOT_FOUNDED, str(console.data))
    if not config.database and not (config.data / "hub.db").exists():
        console.refuse(reasons.NOT_FOUNDED, str(console.data))
    upgrade(services.engine)
    with reading(services.engine) as connection:
        if get_setting(connection, EPOCH) is None:
            console.refuse(reasons.NOT_FOUNDED, str(console.data))
    return services


def local_ms(console: Console, text: str | None) -> int | None:
    """What was typed as a local time, in milliseconds since 1970; None where nothing was typed."""
    if text is None:
        return None
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 — local time of the province
    except ValueError:
        console.refuse(reasons.INPUT, f"--since {text}", code=BAD_INPUT)
    return instant(at.date(), at.hour * 60 + at.minute)


common: Final = answering(
    data_help="Data folder of the hub (else MOTCUA_HUB_DATA, else the system's place).",
    default_data=default_data_folder,
    language_of=lambda console: loaded_config(console).language,
    explained=_explained,
)
