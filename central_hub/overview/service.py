"""What the first page shows: five numbers, their course, communes ranked, fields, PCs to look at, decisions that wait."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.copies.service import count_suspected
from central_hub.nodes.states import NodeState, look_at
from central_hub.projection.refolding import refolding
from central_hub.quarantine.conflicts import waiting_for_offices
from central_hub.quarantine.service import Waiting, count_waiting
from central_hub.routing.listing import count_legs
from central_hub.routing.wish import Stage, Wish
from central_hub.services import Services
from central_hub.settings import TREE_PROBLEM, get_setting
from central_hub.statistics.board import Board, today_of
from central_hub.statistics.choice import read_choice
from central_hub.statistics.words import problem_words
from central_hub.sync.fleet import DeviceState, list_devices

_RANKED_SHOWN = 12
_DAY_MS = 86_400_000
_NODES_SHOWN = 6
_ORDER = (NodeState.FAILING, NodeState.REFUSED, NodeState.SILENT, NodeState.LAGGING, NodeState.NEW)
"""What is worth a look, the most pressing first: a PC whose sync fails brings nothing until somebody helps it."""
_ORDERS = ("best", "worst")


def overview_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """The values of the page."""
    choice = read_choice(args, today=today_of(services))
    order = args.get("order", "")
    order = order if order in _ORDERS else "best"
    board = Board(connection, services, choice)
    day_ms = services.clock() - _DAY_MS
    devices = list_devices(connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms)
    nodes = nodes_to_look_at(devices, services)
    return {
        "board": board,
        "choice": choice,
        "order": order,
        "problem": problem_words(choice.problem) if choice.problem else "",
        "tiles": board.tiles(),
        "ranked": board.ranked(order=order, limit=_RANKED_SHOWN),
        "fields": board.fields(),
        "nodes": nodes[:_NODES_SHOWN],
        "refolding": refolding(connection),
        "node_counts": {
            "all": len(devices),
            "look": len(nodes),
            "heard": sum(day_ms < (each.contact_ms or 0) for each in devices),
        },
        "decisions": [
            *log_alarm(connection),
            *copy_alarm(connection),
            *decisions(count_waiting(connection)),
            *waiting_for_offices(connection),
            *on_their_way(connection, services),
        ],
    }


def nodes_to_look_at(devices: list[DeviceState], services: Services) -> list[dict[str, str]]:
    """The PCs that need a look, the most pressing first."""
    looks = [(device, look_at(device, now_ms=services.clock())) for device in devices]
    wanted = [pair for pair in looks if pair[1].state in _ORDER]
    wanted.sort(key=lambda pair: (_ORDER.index(pair[1].state), pair[0].contact_ms or 0))
    return [
        {
            "name": services.units.name(device.unit),
            "device": device.name,
            "href": f"/nodes/{device.id}",
            "state": look.state.value,
            "words": look.notes[0] if look.notes else look.word,
        }
        for device, look in wanted
    ]


def log_alarm(connection: Connection) -> list[dict[str, Any]]:
    """The province's log stands still until a person has looked: before everything else."""
    if not get_setting(connection, TREE_PROBLEM):
        return []
    return [{"label": _("Nhật ký minh bạch đang dừng"), "count": 1, "href": "/transparency", "icon": "error"}]


def copy_alarm(connection: Connection) -> list[dict[str, Any]]:
    """PCs that may run from a copied disk, and read nothing until somebody has decided."""
    count = count_suspected(connection)
    if not count:
        return []
    return [{"label": _("Bản sao ổ đĩa chờ xác nhận"), "count": count, "href": "/copies", "icon": "fork"}]


def on_their_way(connection: Connection, services: Services) -> list[dict[str, Any]]:
    """Dossiers that another unit has not accepted yet: where they wait is on their page."""
    count = count_legs(connection, Wish(stage=Stage.WAITING), now_ms=services.clock())
    label = _("Hồ sơ chờ đơn vị khác tiếp nhận")
    return (
        [{"label": label, "count": count, "href": "/routing?leg=waiting", "icon": "transfer"}]
        if count
        else []
    )


def decisions(waiting: Waiting) -> list[dict[str, Any]]:
    """What waits for a person, with the page where it is decided."""
    found = [
        (_("Đề nghị cấp quyền chờ duyệt"), waiting.requests, "/quarantine?show=requests", "signature"),
        (_("Bản ghi sau mốc thu hồi chờ xét duyệt"), waiting.review, "/quarantine?show=review", "lock"),
        (_("Bản ghi tỉnh chưa chấp nhận"), waiting.refused, "/quarantine?show=refused", "refused"),
        (_("Bản ghi chờ bản ghi khác"), waiting.pending, "/quarantine?show=pending", "clock"),
        (_("Đoạn nhật ký để riêng"), waiting.set_aside, "/quarantine?show=set_aside", "fork"),
    ]
    return [
        {"label": label, "count": count, "href": href, "icon": icon}
        for label, count, href, icon in found
        if count
    ]
