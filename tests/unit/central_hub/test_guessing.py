"""Low-entropy values (12-digit numbers, names) cannot be guessed from what is public: headers, leaves, papers, figures.

Whoever holds a header may try all candidates. With the salt one try per candidate finds the value, which shows that the
attack works; without it, every hash that the public parts contain is checked against every candidate and none answers.
"""

import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from central_hub.store.engine import reading
from central_hub.store.tables import DOSSIER, OVERDUE_BEFORE, TALLY
from central_hub.tlog.sequencer import leaf_of
from dossiers.kinds import shapes_of_facts
from dossiers.schemas import Choice, Code, Date, Either, Flag, Hex, ListOf, Members, Shape, Table, Whole
from signing import qr
from signing.tlog.merkle import leaf_hash
from sync_protocol.log import make_seal
from sync_protocol.record import Body, Record, unverified
from tests.support.device_log import DeviceLog
from tests.support.histories import received_facts
from tests.support.hub import NOW_MS, found_province

NUMBER, NAME = "048192007735", "Võ Thị Thanh Hằng"
KNOWN, UNKNOWN_DIGITS = NUMBER[:9], 3
"""The attacker knows province, century, sex, year and half of the rest: a thousand candidates are left."""
NAMES = ("Nguyễn Thị Lan", "Lê Văn Minh", "Trần Thị Hoa", NAME, "Phạm Thu Hà")

HASHES_IN_FACTS = {
    # every 64-digit member of any facts, and of what it is the hash: never of anything that a person could guess
    "key": "a public key", "box": "a public key", "head": "a link", "record": "a record id", "records": "record ids",
    "conflict": "derived from record ids", "choose": "a record id", "file": "a file's ciphertext", "files": "a file's ciphertext",
    "replaces": "a file's ciphertext", "given": "a record id", "leg": "a record id", "held": "a link", "other": "a link",
}  # fmt: skip


def candidates() -> Iterator[dict[str, Any]]:
    for digits in itertools.product("0123456789", repeat=UNKNOWN_DIGITS):
        for name in NAMES:
            yield content(KNOWN + "".join(digits), name)


def content(number: str = NUMBER, name: str = NAME) -> dict[str, Any]:
    return {"fields": {"applicant.id_number": number, "applicant.name": name}}


def received(log: DeviceLog) -> Record:
    facts = received_facts(
        code=f"H17.{log.commune}-261123-0001", receiving=log.commune, competent=log.commune, received=NOW_MS,
        fields=["applicant.id_number", "applicant.name"], papers=[],
    )  # fmt: skip
    return log.write("dossier.received", log.new_dossier(), facts, content())


def hashes_in(*public: bytes) -> set[bytes]:
    """Everything in public bytes that could be a hash: raw, and as hex."""
    found = set()
    for data in public:
        found |= {data[i : i + 32] for i in range(len(data) - 31)}
        found |= {bytes.fromhex(text.decode()) for text in re.findall(rb"(?=([0-9a-f]{64}))", data)}
    return found


@pytest.fixture(scope="module")
def record() -> Record:
    return received(DeviceLog())


@pytest.fixture(scope="module")
def public(record: Record) -> tuple[bytes, ...]:
    """What strangers may see of one record."""
    log = DeviceLog()
    leaf = leaf_of(unverified(record)).encode()
    seal = make_seal(record.header.log, 2, record.link, log.device)
    return (record.header_bytes, record.signature, leaf, leaf_hash(leaf), seal.signature, seal.head.encode())


def test_with_the_salt_the_number_is_found_at_once(record: Record) -> None:
    assert record.body is not None
    salt = record.body.salt
    found = [each for each in candidates() if Body.of(each, salt=salt).hash == record.header.body]
    assert found == [content()]


def test_without_the_salt_no_candidate_answers(record: Record, public: tuple[bytes, ...]) -> None:
    """Guesses hashed in every way that the format knows, without a salt or with one that can be known."""
    seen = hashes_in(*public)
    assert bytes.fromhex(record.header.body or "") in seen
    known_salts = (b"", bytes(16), bytes.fromhex(record.header.dossier or ""), bytes.fromhex(record.id)[:16])
    for each in candidates():
        texts = (
            orjson.dumps(each, option=orjson.OPT_SORT_KEYS),
            each["fields"]["applicant.id_number"].encode(),
        )
        for text, salt, label in itertools.product(texts, known_salts, (b"motcua.body\0", b"", b"\0")):
            assert hashlib.sha256(label + salt + text).digest() not in seen


def test_the_same_words_never_give_the_same_hash() -> None:
    log = DeviceLog()
    assert len({received(log).header.body for _ in range(50)}) == 50


def test_the_salt_is_in_nothing_public(record: Record, public: tuple[bytes, ...]) -> None:
    assert record.body is not None
    for data in public:
        assert record.body.salt not in data and record.body.salt.hex().encode() not in data
        assert NUMBER.encode() not in data and NAME.encode() not in data


def test_the_code_on_paper_has_no_place_for_a_number_or_a_salt() -> None:
    """A paper shows the holder's name and year to whoever holds it; the number, the salt and the body's hash it does not."""
    assert {each.name for each in fields(qr.Paper)} == {
        "kind", "record", "code", "procedure", "issued", "due", "holder", "birth_year", "result",
    }  # fmt: skip


def _members(shape: Shape, name: str) -> Iterator[tuple[str, Shape]]:
    match shape:
        case Members(always=always, perhaps=perhaps):
            for inner, member in (*always.items(), *perhaps.items()):
                yield from _members(member, inner)
        case ListOf(item=item):
            yield from _members(item, name)
        case Either(shapes=shapes):
            for each in shapes:
                yield from _members(each, name)
        case Table():
            raise AssertionError(f"{name}: names of members are not free in facts")
        case _:
            yield name, shape


@pytest.mark.parametrize("kind", sorted(shapes_of_facts()))
def test_every_hash_in_facts_is_of_something_nobody_could_guess(kind: str) -> None:
    for name, shape in _members(shapes_of_facts()[kind], kind):
        if isinstance(shape, Hex) and shape.digits == 64:
            assert name in HASHES_IN_FACTS, f"{kind} {name}: of what is this the hash?"
        else:
            assert isinstance(shape, Hex | Code | Whole | Date | Flag | Choice), (kind, name)


def test_figures_are_the_same_whoever_the_people_are(tmp_path: Path) -> None:
    """Two provinces with the same work about other people have the same lists and counters."""
    tables = []
    for number, name in ((NUMBER, NAME), ("048200000001", "Lê Văn Minh")):
        hub = found_province(tmp_path / number)
        desk = hub.enrol("20242")
        dossier = desk.log.new_dossier()
        facts = received_facts(
            code="H17.20242-261123-0001", receiving="20242", competent="20242", received=desk.log.wall_ms,
            fields=["applicant.id_number", "applicant.name"], papers=[],
        )  # fmt: skip
        desk.log.write("dossier.received", dossier, facts, content(number, name))
        hub.deliver(desk)
        hub.judge()
        columns = [
            column for column in DOSSIER.c if column.name != "digest"
        ]  # of ids and the like: changes with all
        with reading(hub.services.engine) as connection:
            asked = (select(*columns), select(TALLY), select(OVERDUE_BEFORE))
            tables.append([sorted(map(tuple, connection.execute(each)), key=repr) for each in asked])
    assert tables[0] == tables[1]
