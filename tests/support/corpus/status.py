"""Cases about status: every row of signing.md 2.6, reviews, forks, documents, freshness, and whose snapshot counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from signing.cuts import Cause, Cut, Position
from signing.exported import ExportedRecord
from signing.key_chain import id_of
from signing.proof_file import encode_proof
from signing.roles import Role
from signing.status import DocumentChanged, DocumentState, Event, Forked, Reviewed, Revoked
from tests.support.corpus.cases import EXITS, FAILED, OPEN, PASSED, Corpus
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import HAI_CHAU, NOON_MS, ProofWorld, hex_of, key_of, link_of

RESULT: Final = {
    "result": {"date": 20261121, "number": "117/GXN-UBND", "signer": "Phạm Thị Bình"},
    "summary": "Xác nhận tình trạng hôn nhân",
}
DAY_MS: Final = 24 * 60 * 60 * 1000
PC1: Final = "log of PC1"
NO_POE: Final = "REVOKED_NO_POE"
CA_NO_POE: Final = "REVOKED_CA_NO_POE"


def tell(corpus: Corpus) -> None:
    world = ProofWorld()
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS), 40)
    lan = world.put(world.lan(), 10)
    chapter = _Chapter(corpus, world, record, lan)
    chapter.rows()
    chapter.issuers()
    chapter.reviews()
    chapter.forks()
    chapter.documents()
    chapter.freshness()
    chapter.sources()
    _several_records(corpus)


def _several_records(corpus: Corpus) -> None:
    """In a province of its own, so that the leaf of one more record changes no earlier file."""
    world = ProofWorld()
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS), 40)
    chapter = _Chapter(corpus, world, record, world.put(world.lan(), 10))
    chapter.several_records()
    chapter.branches()


class _Chapter:
    """Cases around one record, logged at leaf 40, by Lan, whose statement is at leaf 10."""

    def __init__(
        self, corpus: Corpus, world: ProofWorld, record: ExportedRecord, lan: ExportedRecord
    ) -> None:
        self.corpus, self.world, self.record, self.lan = corpus, world, record, lan
        self.fresh = world.record("Lan", content=CONTENT, facts=FACTS, seq=5, at=[NOON_MS, 1])

    def rows(self) -> None:
        follower = self.world.record(
            "Lan", kind="dossier.noted", content=CONTENT, seq=6, prev=link_of(self.fresh)
        )
        own, after_it = link_of(self.fresh), link_of(follower)
        other = hex_of("head", 64)
        for cause in Cause:
            after = (FAILED, "REVOKED") if cause is Cause.RETIRED else (OPEN, NO_POE)
            self._revoked(f"{cause}-before-the-cut", cause, _cut(50, 6, other), (PASSED,), force="yes")
            self._revoked(f"{cause}-on-the-cut", cause, _cut(41, 6, other), (PASSED,), force="yes")
            self._revoked(f"{cause}-logged-at-the-cut", cause, _cut(40, 6, other), after, force="yes")
            self._revoked(f"{cause}-beyond-the-frontier", cause, _cut(50, 5, other), after, force="yes")
            self._revoked(f"{cause}-in-a-log-without-frontier", cause, Cut.of(50), after, force="yes")
            self._revoked(f"{cause}-unlogged", cause, _cut(50, 6, other), (OPEN, NO_POE), [self.fresh])
            self._revoked(f"{cause}-unlogged-at-the-head", cause, _cut(50, 6, own), (PASSED,), [self.fresh])
            self._revoked(
                f"{cause}-unlogged-chained-to-the-head",
                cause,
                _cut(50, 7, after_it),
                (PASSED,),
                [self.fresh, follower],
            )
            self._revoked(
                f"{cause}-unlogged-beyond-the-frontier", cause, _cut(50, 5, other), after, [self.fresh]
            )
        stranger = _revocation("Hùng", Cause.COMPROMISED, Cut.of(0))
        self._told("revoked-somebody-else", [stranger], (PASSED,), force="yes")

    def issuers(self) -> None:
        log = Position(log=hex_of("province log"), length=8, head=hex_of("h", 64))
        for cause in Cause:
            after = (FAILED, "REVOKED") if cause is Cause.RETIRED else (OPEN, CA_NO_POE)
            inside, outside = Cut.of(11, log), Cut.of(10, log)
            self._told(f"registry-{cause}-after-it-stated-the-key", [_revocation("registry", cause, inside)], (PASSED,), force="yes")  # fmt: skip
            self._told(f"registry-{cause}-before-it-stated-the-key", [_revocation("registry", cause, outside)], after, force="yes")  # fmt: skip
        gone = _revocation("registry", Cause.COMPROMISED, Cut.of(10, log))
        settled = _review(id_of(self.lan), stands=True)
        self._told("registry-compromised-statement-reviewed", [gone, settled], (PASSED,), force="yes")
        self._told("registry-compromised-statement-refused", [gone, _review(id_of(self.lan), stands=False)], (FAILED, "REVOKED"), force="yes")  # fmt: skip
        self._delegated()

    def _delegated(self) -> None:
        world = self.world
        administrator = world.put(world.stated(world.statement("Hoa", Role.UNIT_ADMINISTRATOR)), 11)
        stated = world.statement("Mai", Role.RECEPTIONIST, by="Hoa", delegated=True)
        mai = world.put(world.stated(stated, by="Hoa", commune=HAI_CHAU, seq=3), 12)
        record = world.put(world.record("Mai", content=CONTENT, facts=FACTS), 43)
        data = encode_proof(world.proof(record, statements=[administrator, mai]))
        log = Position(log=hex_of("province log"), length=8, head=hex_of("h", 64))
        for name, size, expected in (("before", 12, (OPEN, CA_NO_POE)), ("after", 13, (PASSED,))):
            event = _revocation("Hoa", Cause.LOST, Cut.of(size, log))
            self._told(
                f"administrator-lost-{name}-stating-the-key", [event], expected, data=data, force="yes"
            )

    def reviews(self) -> None:
        lost = _revocation("Lan", Cause.LOST, _cut(30, 6, hex_of("h", 64)))
        retired = _revocation("Lan", Cause.RETIRED, _cut(30, 6, hex_of("h", 64)))
        target = id_of(self.record)
        self._told("review-lets-it-stand", [lost, _review(target, stands=True)], (PASSED,), force="yes")
        self._told(
            "review-refuses-it", [lost, _review(target, stands=False)], (FAILED, "REVOKED"), force="yes"
        )
        self._told("review-of-another-record", [lost, _review(hex_of("x", 64), stands=True)], (OPEN, NO_POE), force="yes")  # fmt: skip
        self._told("review-by-the-same-key", [lost, _review(target, stands=True, by="Lan")], (OPEN, NO_POE), force="yes")  # fmt: skip
        self._told("review-does-not-undo-a-retirement", [retired, _review(target, stands=True)], (FAILED, "REVOKED"), force="yes")  # fmt: skip
        self._told("review-of-a-record-in-no-doubt", [_review(target, stands=False)], (PASSED,), force="yes")
        twice: list[Event] = [
            lost,
            _review(target, stands=True, index=57),
            _review(target, stands=False, index=58),
        ]
        self._told("review-the-later-one-counts", twice, (FAILED, "REVOKED"), force="yes")

    def forks(self) -> None:
        fork = Forked(index=55, log=hex_of(PC1), first=5, stop=6)
        self._told("forked-log", [fork], (OPEN, "MC_CHAIN_FORKED"), force="yes")
        self._told("forked-log-elsewhere", [Forked(index=55, log=hex_of(PC1), first=6, stop=9)], (PASSED,), force="yes")  # fmt: skip
        self._told("forked-another-log", [Forked(index=55, log=hex_of("x"), first=0, stop=9)], (PASSED,), force="yes")  # fmt: skip
        self._told("forked-log-reviewed", [fork, _review(id_of(self.record), stands=True)], (PASSED,), force="yes")  # fmt: skip

    def documents(self) -> None:
        unlogged = encode_proof(self.world.proof(self.fresh, statements=[self.lan]))
        for state in DocumentState:
            code = 0 if state is DocumentState.CORRECTED else 1
            self._told(f"document-{state}", [_changed(id_of(self.record), state)], (PASSED,), force=state, exit_code=code)  # fmt: skip
            self._told(f"document-{state}-unlogged", [_changed(id_of(self.fresh), state)], (OPEN, "MC_NOT_LOGGED"), data=unlogged, force=state)  # fmt: skip
        named = self.world.put(self.world.record("Lan", content=CONTENT, facts=FACTS | {"document": hex_of("result")}), 44)  # fmt: skip
        data = encode_proof(self.world.proof(named, statements=[self.lan]))
        self._told("document-by-its-own-id", [_changed(hex_of("result"), DocumentState.WITHDRAWN)], (PASSED,), data=data, force="withdrawn", exit_code=1)  # fmt: skip
        self._told("document-another", [_changed(hex_of("other"), DocumentState.WITHDRAWN)], (PASSED,), force="yes")  # fmt: skip
        self._told("document-logged-after-the-status", [], (PASSED,), size=40)

    def several_records(self) -> None:
        """A file with the record that opened a dossier and the one that made its result: no order of them helps."""
        result = self.world.put(self.world.record("Lan", kind="dossier.noted", content=RESULT, facts={"action": "finish", "from": 4, "to": 9}, seq=12), 46)  # fmt: skip
        both = {"second": (self.record, result), "first": (result, self.record)}
        for where, records in both.items():
            data = encode_proof(self.world.proof(*records, statements=[self.lan]))
            for state in DocumentState:
                code = 0 if state is DocumentState.CORRECTED else 1
                self._told(f"document-{state}-in-the-{where}-record", [_changed(id_of(result), state)], (PASSED,), data=data, force=state, exit_code=code)  # fmt: skip
            gravest: list[Event] = [
                _changed(id_of(self.record), DocumentState.CORRECTED),
                _changed(id_of(result), DocumentState.WITHDRAWN),
            ]
            self._told(f"document-withdrawn-beside-a-corrected-one-{where}", gravest, (PASSED,), data=data, force="withdrawn", exit_code=1)  # fmt: skip
            self._told(f"document-in-force-in-both-records-{where}", [], (PASSED,), data=data, force="yes")
            self._told(f"document-of-one-record-logged-after-the-status-{where}", [], (PASSED,), data=data, size=45)  # fmt: skip

    def branches(self) -> None:
        """Two records of a file that name one predecessor: the chain to the head of a cut is found whichever comes first."""
        follower, stray = (
            self.world.record(signer, kind="dossier.noted", seq=6, prev=link_of(self.fresh))
            for signer in ("Lan", "nobody")
        )
        cut = _cut(50, 7, link_of(follower))
        expected = (OPEN, "NO_SIGNING_CERTIFICATE_FOUND")
        for where, records in {"first": [stray, follower], "second": [follower, stray]}.items():
            self._revoked(f"retired-unlogged-chained-beside-a-stray-{where}", Cause.RETIRED, cut, expected, [self.fresh, *records])  # fmt: skip

    def freshness(self) -> None:
        for name, days in {"same-day": 0, "week": 7, "old": 8, "quarter": 90}.items():
            self._told(f"status-{name}", [], (PASSED,), now=NOON_MS + days * DAY_MS, force="yes")
        self._told("status-too-old", [], (OPEN, "TRY_LATER"), now=NOON_MS + 90 * DAY_MS + 1, force="yes")
        self._told("status-of-tomorrow", [], (PASSED,), now=NOON_MS - DAY_MS, force="yes")
        self._told("status-without-a-time", [], (PASSED,), now=2 * NOON_MS, issued=None, force="yes")
        self._told("status-too-old-but-nobody-says-what-time-it-is", [], (PASSED,), force="yes")

    def sources(self) -> None:
        world, record, lan = self.world, self.record, self.lan
        lost = _revocation("Lan", Cause.LOST, _cut(30, 6, hex_of("h", 64)))
        self.corpus.status["silent-32"] = world.snapshot(size=32)
        self.corpus.status["lost-64"] = world.snapshot(lost)

        def file(snapshot: bytes) -> bytes:
            return encode_proof(world.proof(record, statements=[lan], status=snapshot))

        self.corpus.passed("status-in-the-file", file(world.snapshot()), in_force="yes")
        self.corpus.open("status-in-the-file-revokes", file(world.snapshot(lost)), NO_POE, in_force="yes")
        self.corpus.open("status-in-the-file-is-newer", file(world.snapshot(lost)), NO_POE, status="silent-32", in_force="yes")  # fmt: skip
        self.corpus.open("status-in-the-file-is-older", file(world.snapshot(size=32)), NO_POE, status="lost-64", in_force="yes")  # fmt: skip
        self.corpus.open("status-in-the-file-is-as-old", file(world.snapshot()), NO_POE, status="lost-64", in_force="yes")  # fmt: skip
        snapshot = world.snapshot()
        for name, left_aside in {
            "by-the-hub": world.snapshot(key="hub"),
            "by-the-registry": world.snapshot(key="registry"),
            "by-a-stranger": world.snapshot(key="stranger"),
            "of-another-province": world.snapshot(province="49"),
            "cut": snapshot[:-7],
            "altered": snapshot.replace(b'"payload":"ey', b'"payload":"ez'),
            "empty": b"",
        }.items():
            self.corpus.passed(f"status-in-the-file-{name}", file(left_aside))
            self.corpus.open(f"status-in-the-file-{name}-own-revokes", file(left_aside), NO_POE, status="lost-64", in_force="yes")  # fmt: skip
        self.corpus.passed(
            "status-under-a-bundle-without-status-keys", file(world.snapshot(lost)), trust="no-log"
        )

    def _revoked(self, name: str, cause: Cause, cut: Cut, expected: Sequence[str], records: Sequence[ExportedRecord] = (), *, force: str = "unknown") -> None:  # fmt: skip
        data = encode_proof(self.world.proof(*records, statements=[self.lan])) if records else None
        self._told(f"revoked-{name}", [_revocation("Lan", cause, cut)], expected, data=data, force=force)

    def _told(
        self,
        name: str,
        events: Sequence[Event],
        expected: Sequence[str],
        *,
        data: bytes | None = None,
        size: int = 64,
        issued: int | None = NOON_MS,
        now: int | None = None,
        force: str = "unknown",
        exit_code: int | None = None,
    ) -> None:
        """A case whose status the verifier has of its own."""
        label = name.replace("_", "-")
        self.corpus.status[label] = self.world.snapshot(*events, size=size, issued=issued)
        options: dict[str, Any] = {"status": label, "now": now, "in_force": str(force)}
        whole = encode_proof(self.world.proof(self.record, statements=[self.lan])) if data is None else data
        code = EXITS[expected[0]] if exit_code is None else exit_code
        self.corpus.add(label, whole, expected[0], *expected[1:], exit_code=code, **options)


def _cut(size: int, length: int, head: str) -> Cut:
    return Cut.of(size, Position(log=hex_of(PC1), length=length, head=head))


def _revocation(name: str, cause: Cause, cut: Cut) -> Revoked:
    return Revoked(index=50, record=hex_of("revocation", 64), by=key_of("key authority").public.id, key=key_of(name).public.id, cause=cause, cut=cut)  # fmt: skip


def _review(target: str, *, stands: bool, by: str = "auditor", index: int = 56) -> Reviewed:
    return Reviewed(
        index=index,
        record=hex_of(f"review {index}", 64),
        by=key_of(by).public.id,
        target=target,
        stands=stands,
    )


def _changed(document: str, state: DocumentState) -> DocumentChanged:
    return DocumentChanged(index=59, record=hex_of("change", 64), document=document, state=state)
