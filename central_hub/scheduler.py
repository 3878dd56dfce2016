"""What the hub does by itself, and how often; started with the judge, by `serve` only."""

import logging

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from central_hub.backup.service import BackupInvalid, prune_backups, take_backup
from central_hub.services import Services
from central_hub.store.erasures import scrub
from dossiers.local_time import VIETNAM

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
