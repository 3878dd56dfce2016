"""Bugs to plant on the network of an office: what goes wrong where PCs believe each other instead of signatures.

Each is a small change to production code in memory; `test_planted_bugs` plants them and wants each found.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlite_utils import Database

import edge_node.lan.asking as asking
import edge_node.lan.carrying as carrying
import edge_node.lan.exchange as exchange
import edge_node.lan.files as files
import edge_node.lan.serving as serving
import edge_node.sync.receipt as receipts
import edge_node.sync.runner as runner
import edge_node.sync.status as status
from edge_node.files.copies import note_at_hub
from edge_node.store import SqliteLogStore
from edge_node.store.local import read_office
from signing.signatures import SIGNATURE_BYTES, PublicKey
from sync_protocol.file_wire import Standing
from sync_protocol.receipts import Receipt

Plant = Callable[[pytest.MonkeyPatch], None]


def lan_serves_other_communes(patch: pytest.MonkeyPatch) -> None:
    """Whoever the registry knows is served on the office network, of whatever commune."""
    find = serving.find_colleague

    def anybody(db: Database, services: Any, office: Any, device: str, voucher: Sequence[bytes] = ()) -> Any:
        statement = services.trust.trust(db).statement(device)
        asked = replace(office, unit=statement.unit) if statement else office
        return find(db, services, asked, device, voucher)

    patch.setattr(serving, "find_colleague", anybody)


def believe_a_colleagues_receipt_unchecked(patch: pytest.MonkeyPatch) -> None:
    """A receipt that came over the office network is not asked for the hub's signature."""

    def unchecked(data: bytes, hub: PublicKey) -> Receipt:
        return msgspec.json.decode(data[SIGNATURE_BYTES:], type=Receipt)

    patch.setattr(exchange, "open_receipt", unchecked)
    patch.setattr(receipts, "open_receipt", unchecked)


def deliver_only_what_was_written_here(patch: pytest.MonkeyPatch) -> None:
    """What colleagues wrote is shown, and left for them to deliver."""

    def own(db: Database) -> list[str]:
        office = read_office(db)
        return SqliteLogStore(db).logs_of(device=office.device) if office else []

    patch.setattr(runner, "office_log_ids", own)


def count_only_what_was_written_here(patch: pytest.MonkeyPatch) -> None:
    """Records of colleagues that the province lacks are missing in the status."""
    count = status.office_logs
    patch.setattr(status, "office_logs", lambda db: [log for log in count(db) if log.is_own])


def keep_routed_dossiers_to_oneself(patch: pytest.MonkeyPatch) -> None:
    """What came from another commune stays at the PC that the province gave it to."""
    for room in (serving, asking):
        patch.setattr(room, "foreign_frames", lambda db, wanted, *, bytes_max: ([], False))


def leave_scans_to_whoever_made_them(patch: pytest.MonkeyPatch) -> None:
    """A scan of a colleague is not taken along to the province."""
    patch.setattr(files, "to_gather", lambda db, offered, *, hub_epoch: [])


def believe_that_a_colleague_delivered(patch: pytest.MonkeyPatch) -> None:
    """A scan that a colleague holds whole counts as being at the province."""
    learn = carrying._Carrying._learn

    def believing(self: Any, request: Any, answer: Any, **more: Any) -> None:
        learn(self, request, answer, **more)
        office = read_office(self.db)
        for stated in answer.stated:
            if office and stated.standing == Standing.WHOLE:
                note_at_hub(self.db, stated.file.hex(), hub_epoch=office.hub_epoch)

    patch.setattr(carrying._Carrying, "_learn", believing)


ON_THE_LAN: Sequence[Plant] = (
    lan_serves_other_communes,
    believe_a_colleagues_receipt_unchecked,
    deliver_only_what_was_written_here,
    count_only_what_was_written_here,
    keep_routed_dossiers_to_oneself,
    leave_scans_to_whoever_made_them,
    believe_that_a_colleague_delivered,
)
