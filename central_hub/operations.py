"""`/health` and `/metrics`: is the hub up, does the judge keep pace, how much came in. No personal data.

Metrics are for loopback, or for whoever carries the token of the settings; they are read from the database, so every
worker tells the same.
"""

import hmac
from shutil import disk_usage
from typing import Any

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import ColumnElement, Connection, func, select

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.problems import Refused
from central_hub.projection.refolding import refolding
from central_hub.session import public
from central_hub.settings import JUDGE_SEEN, TREE_PROBLEM, get_setting
from central_hub.store.tables import DEVICE, DOSSIER, LOG, RUN, SET_ASIDE, STANDING
from central_hub.sync.fleet import fleet_state
from central_hub.tlog.places import matched_size
from signing.version import __version__

blueprint = Blueprint("operations", __name__)

JUDGE_LATE_MS = 60_000
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


@blueprint.get("/health")
@public
def health() -> Response:
    connection, now_ms = get_reader(), get_services().clock()
    seen = get_setting(connection, JUDGE_SEEN)
    unjudged = _unjudged(connection)
    is_judging = seen is not None and now_ms - int(seen) < JUDGE_LATE_MS
    status = "ok" if is_judging or not unjudged else "judge_missing"
    found = refolding(connection)
    return jsonify(
        status=status,
        version=__version__,
        unjudged=unjudged,
        is_judging=is_judging,
        refolding=found.left if found else 0,
    )


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    _check_reader()
    connection, now_ms = get_reader(), get_services().clock()
    silent_ms = get_services().config.silent_after_ms
    fleet = fleet_state(connection, now_ms=now_ms, silent_ms=silent_ms)
    registry = CollectorRegistry()
    values = {
        "records_stored": ("Records stored", _sum(connection, LOG.c.length - LOG.c.base)),
        "records_acknowledged": (
            "Records acknowledged to nodes",
            _sum(connection, LOG.c.acknowledged - LOG.c.base),
        ),
        "records_judged": ("Records judged", _sum(connection, LOG.c.judged - LOG.c.base)),
        "records_unjudged": ("Records stored and not judged yet", _unjudged(connection)),
        "records_standing": ("Records pending or quarantined", _count(connection, STANDING.c.seq)),
        "runs_stored": ("Runs stored", _count(connection, RUN.c.no)),
        "runs_set_aside": ("Runs that could not join their log", _count(connection, SET_ASIDE.c.no)),
        "dossiers": ("Dossiers", _count(connection, DOSSIER.c.id)),
        "devices": ("Enrolled devices", fleet.nodes),
        "devices_silent": (
            "Enrolled devices without contact for longer than silent_after_hours",
            fleet.silent,
        ),
        "dossiers_refolding": (
            "Dossiers to fold anew after an update",
            found.left if (found := refolding(connection)) else 0,
        ),
        "disk_free_bytes": (
            "Free space where the hub's data lies",
            disk_usage(get_services().config.data).free,
        ),
        "rounds": ("Rounds answered", _sum(connection, DEVICE.c.rounds)),
        "bytes_in": ("Bytes received in rounds", _sum(connection, DEVICE.c.bytes_in)),
        "bytes_out": ("Bytes sent in rounds", _sum(connection, DEVICE.c.bytes_out)),
        "log_size": ("Leaves of the province's log that this database holds", matched_size(connection)),
        "log_stopped": (
            "1 while the province's log stands still",
            int(bool(get_setting(connection, TREE_PROBLEM))),
        ),
    }
    for name, (help_text, value) in values.items():
        Gauge(f"motcua_hub_{name}", help_text, registry=registry).set(value)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _check_reader() -> None:
    token = get_services().config.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(token.encode(), given.encode()):
        return
    if request.remote_addr not in _LOOPBACK:
        raise Refused(reasons.TOKEN)


def _unjudged(connection: Connection) -> int:
    return connection.scalar(select(func.sum(LOG.c.length - LOG.c.judged))) or 0


def _sum(connection: Connection, column: ColumnElement[int]) -> int:
    return connection.scalar(select(func.sum(column))) or 0


def _count(connection: Connection, column: ColumnElement[Any]) -> int:
    return connection.scalar(select(func.count(column))) or 0
