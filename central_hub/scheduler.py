"""What the hub does by itself, and how often; started with the judge, by `serve` only."""

import logging
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from central_hub.backup.service import BackupInvalid, prune_backups, take_backup
from central_hub.files.sweep import sweep
from central_hub.registry.restating import restate_when_needed
from central_hub.relay.spool import sweep_loads
from central_hub.services import Services
from central_hub.store.erasures import scrub
from dossiers.local_time import VIETNAM
from signing.errors import SigningError

_LOG = logging.getLogger(__name__)


def start_schedule(services: Services) -> BackgroundScheduler:
    """Start the one scheduler of this hub."""
    scheduler = BackgroundScheduler(timezone=VIETNAM)
    if services.engine.dialect.name == "sqlite":
        scheduler.add_job(
            back_up, "cron", hour=1, minute=30, args=[services], id="backup", coalesce=True, max_instances=1
        )
    scheduler.add_job(
        scrub, "interval", minutes=1, args=[services.engine], id="scrub", coalesce=True, max_instances=1
    )
    scheduler.add_job(
        sweep_files,
        "cron",
        hour=2,
        minute=40,
        args=[services],
        id="sweep_files",
        coalesce=True,
        max_instances=1,
    )
    scheduler.add_job(
        restate, "interval", minutes=5, args=[services], id="restate", coalesce=True, max_instances=1,
        next_run_time=datetime.now(VIETNAM),
    )  # fmt: skip
    scheduler.start()
    return scheduler


def back_up(services: Services) -> None:
    """Take the daily back-up and let old ones go; a failure is told and tried again the next day."""
    try:
        taken = take_backup(services)
    except (BackupInvalid, OSError, SQLAlchemyError) as error:
        _LOG.error("back-up failed: %s", error)
        return
    prune_backups(services.config)
    _LOG.info("back-up taken: %s, %d bytes", taken.path.name, taken.size_bytes)


def sweep_files(services: Services) -> None:
    """Remove files that no record names any more, and loads that never came whole; what fails is tried again the next day."""
    try:
        sweep(services)
        sweep_loads(services)
    except (SQLAlchemyError, OSError) as error:
        _LOG.error("files could not be swept: %s", error)


def restate(services: Services) -> None:
    """State PCs again for paper where roots or registry changed; what fails is tried again."""
    try:
        records = restate_when_needed(services)
    except (SQLAlchemyError, SigningError) as error:
        _LOG.error("PCs could not be stated again: %s", error)
        return
    if records:
        _LOG.info("%d PCs stated again for paper", len(records))
