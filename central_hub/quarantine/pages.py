"""The pages of what waits, as values."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.ingest.aside import list_set_aside
from central_hub.judge.standings import Standing, list_standings, reviews_by_device
from central_hub.projection.twins import open_duplicates
from central_hub.quarantine.conflicts import conflicts_page, count_conflicts
from central_hub.quarantine.duplicates import duplicates_page
from central_hub.quarantine.queries import count_waiting, find_request, find_standing, list_requests
from central_hub.registry.forks import contested_records
from central_hub.registry.holders import KeyHolder, list_holders
from central_hub.registry.status import cause_of
from central_hub.services import Services
from central_hub.statistics.board import today_of
from central_hub.statistics.lists import codes_of, find_dossier
from central_hub.store.record_log import HubLogStore
from central_hub.sync.fleet import list_devices
from central_hub.words import reason_words
from sync_protocol.admission import Outcome
from sync_protocol.record import Record

SHOWN = ("requests", "review", "refused", "pending", "set_aside", "conflicts", "duplicates")
REVIEWED_AT_ONCE = 100


def waiting_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """One list of the seven; the first that holds something when the address names none."""
    waiting, duplicates = count_waiting(connection), open_duplicates(connection)
    commune = args.get("commune") or None
    contested = _contested(connection, services)
    numbers = (
        waiting.requests,
        waiting.review + len(contested),
        waiting.refused,
        waiting.pending,
        waiting.set_aside,
    )
    counts = dict(zip(SHOWN, (*numbers, count_conflicts(connection), len(duplicates)), strict=True))
    show = args.get("show", "")
    if show not in SHOWN:
        show = next((name for name in SHOWN if counts[name]), "refused")
    page = args.get("page", "1")
    found: dict[str, Any] = {
        "show": show,
        "tabs": [(name, _tab(name), counts[name]) for name in SHOWN],
        "unit_name": services.units.name,
        "holders": _holders(connection),
        "devices": {
            device.id: device
            for device in list_devices(
                connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms
            )
        },
    }
    if show == "requests":
        return found | {"requests": list_requests(connection)}
    if show == "set_aside":
        return found | {"asides": list_set_aside(connection)}
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    if show == "conflicts":
        return found | conflicts_page(connection, services, args, number)
    if show == "duplicates":
        return found | duplicates_page(connection, services, duplicates, args, number)
    if show == "review":
        lines = list_standings(
            connection, commune=commune, after_cut=True, page=number, page_rows=REVIEWED_AT_ONCE
        )
        whole = {device: len(records) for device, records in reviews_by_device(connection).items()}
        causes = _causes(connection, services, lines.lines)
        named = [*(each.dossier for each in lines.lines), *(each.header.dossier for each in contested)]
        return found | {
            "standings": lines,
            "causes": causes,
            "whole_devices": whole,
            "contested": contested,
            "codes": codes_of(connection, filter(None, named)),
        }
    outcome = Outcome.QUARANTINED if show == "refused" else Outcome.PENDING
    lines = list_standings(connection, outcome=outcome, commune=commune, after_cut=False, page=number)
    return found | {
        "standings": lines,
        "codes": codes_of(connection, filter(None, (each.dossier for each in lines.lines))),
    }


def record_page(connection: Connection, services: Services, record: str) -> dict[str, Any] | None:
    """One record that was not simply applied."""
    standing = find_standing(connection, record)
    if standing is None:
        return None
    stored = HubLogStore(connection, services.opened).span(standing.log, standing.seq, stop=standing.seq + 1)
    devices = {
        device.id: device
        for device in list_devices(
            connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms
        )
    }
    header = stored[0].header_bytes if stored else b"{}"
    return {
        "standing": standing,
        "unit": services.units.name(standing.commune),
        "why": reason_words(standing.code),
        "is_final": standing.outcome == Outcome.QUARANTINED.value and not standing.retryable,
        "device": devices.get(standing.device),
        "holder": _holders(connection).get(standing.by),
        "claimed_ms": stored[0].header.corrected_ms if stored else None,
        "line": find_dossier(connection, standing.dossier, today=today_of(services))
        if standing.dossier
        else None,
        "raw": orjson.dumps(orjson.loads(header), option=orjson.OPT_INDENT_2).decode(),
    }


def request_page(connection: Connection, services: Services, record: str) -> dict[str, Any] | None:
    """One request for a key, with what the key and its officer may do already."""
    asked = find_request(connection, record)
    if asked is None:
        return None
    holders = list_holders(connection, unit=asked.unit)
    devices = list_devices(
        connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms, unit=asked.unit
    )
    return {
        "asked": asked,
        "unit": services.units.name(asked.unit),
        "present": next((holder for holder in holders if holder.key == asked.key), None),
        "device": next((device for device in devices if device.id == asked.facts["device"]), None),
    }


def _holders(connection: Connection) -> dict[str, KeyHolder]:
    return {holder.key: holder for holder in list_holders(connection)}


def _causes(connection: Connection, services: Services, standings: tuple[Standing, ...]) -> dict[str, str]:
    """Why each record waits: what was said of its signer's key, or of the key above it."""
    status = services.status.current(connection)
    return {each.record: (cause_of(status, each.by) or "") for each in standings}


def _contested(connection: Connection, services: Services) -> list[Record]:
    """Records at places where a PC's log has two branches, that nobody has reviewed."""
    store = HubLogStore(connection, services.opened)
    return contested_records(store, services.status.current(connection))


def _tab(name: str) -> str:
    return {
        "requests": _("Đề nghị cấp quyền"),
        "review": _("Chờ xét duyệt"),
        "refused": _("Chưa chấp nhận"),
        "pending": _("Đang chờ, tự xét lại"),
        "set_aside": _("Để riêng"),
        "conflicts": _("Khác biệt"),
        "duplicates": _("Hồ sơ có thể trùng"),
    }[name]
