"""Every table of the hub, in one place: first the logs, then what is derived from them, then what is local.

Types are chosen so that SQLite (STRICT) and PostgreSQL take the same statements: whole numbers, text and bytes.
Instants are milliseconds since the epoch, days are whole numbers yyyymmdd, months yyyymm. A dossier has a small number
of its own (`no`) beside its random id, so that indexes stay small.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import sqlite

from dossiers.statistics import Metric

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Whole = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def _whole(
    name: str, *, default: int | None = None, nullable: bool = False, key: bool = False
) -> Column[int]:
    server_default = None if default is None else str(default)
    return Column(
        name, Whole, primary_key=key, nullable=nullable, server_default=server_default, autoincrement=False
    )


def _text(name: str, *, nullable: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=nullable)


def _bytes(name: str, *, key: bool = False, nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, primary_key=key, nullable=nullable)


def _table(name: str, *parts: Column[int] | Column[str] | Column[bytes] | UniqueConstraint | Index) -> Table:
    return Table(name, METADATA, *parts, sqlite_strict=True)


# --- the logs: append-only ---------------------------------------------------------------------------------------------

LOG = _table(
    "log",
    _whole("no", key=True),
    _text("id"),
    _text("commune"),
    _text("device"),
    _whole("length"),
    _text("head"),
    _whole("acknowledged"),
    _text("acknowledged_head"),
    _whole("judged"),
    _whole("opened_ms"),
    _whole("base", default=0),
    _text("origin", nullable=True),
    _text("reason", nullable=True),
    UniqueConstraint("id"),
    Index("ix_log_commune", "commune"),
    Index("ix_log_origin", "origin"),
)
"""One row per log: how long it is stored, how far that is acknowledged (sealed, or judged), how far it is judged. For a
branch, `origin` is the log that its records name and `base` how much it has in common with it, which is not stored twice.
`reason`: why the log was opened, as its record 0 says (`OpeningReason`); a branch has none."""

RUN = _table(
    "run",
    _whole("no", key=True),
    Column("log_no", Whole, ForeignKey("log.no"), nullable=False),
    _whole("first"),
    _whole("stop"),
    _text("head"),
    _whole("arrived_ms"),
    _bytes("frame"),
    UniqueConstraint("log_no", "first"),
)
"""The runs as they were stored: one frame (header bytes rebuilt on opening, signatures, bodies) per row."""

SEAL = _table(
    "seal",
    Column("log_no", Whole, ForeignKey("log.no"), primary_key=True, autoincrement=False),
    _whole("length", key=True),
    _text("head"),
    _bytes("signature"),
)

PLACE = _table(
    "place",
    Column("log_no", Whole, ForeignKey("log.no"), primary_key=True, autoincrement=False),
    _whole("seq", key=True),
    _whole("record_prefix"),
    _whole("dossier_prefix", nullable=True),
    Index("ix_place_record_prefix", "record_prefix"),
    Index("ix_place_dossier_prefix", "dossier_prefix"),
)
"""Where each record stands. Prefixes are the first 64 bits of an id: small indexes; the record itself confirms."""

LATE_BODY = _table(
    "late_body",
    Column("log_no", Whole, ForeignKey("log.no"), primary_key=True, autoincrement=False),
    _whole("seq", key=True),
    _bytes("salt"),
    _bytes("content"),
)
"""Bodies that came after their headers."""

ERASURE = _table(
    "erasure",
    _text("order_id", key=True),
    _text("commune"),
    _text("dossier"),
    _text("records"),
    _whole("is_done", default=0),
    _whole("is_folded", default=0),
    Index("ix_erasure_dossier", "dossier"),
    Index("ix_erasure_commune", "commune"),
)
"""Erasure orders in force: what they cover is not held, whenever it arrives. While `is_done` is 0, inside the transaction
that carries the order out, frames of its commune may be written anew; `is_folded` once the judge has folded the dossier."""

SET_ASIDE = _table(
    "set_aside",
    _whole("no", key=True),
    _whole("arrived_ms"),
    _text("device"),
    _text("log"),
    _whole("first"),
    _text("reason"),
    _text("detail"),
    _text("digest"),
    _bytes("frame"),
    UniqueConstraint("digest"),
)
"""Runs that could not join their log (another branch of it, a broken chain): kept whole, nothing is thrown away."""

COPY = _table(
    "copy",
    _text("life", key=True),
    _text("device"),
    _text("commune"),
    _text("cause"),
    _whole("since_ms"),
    _whole("seen_ms"),
    _whole("confirmed_ms", nullable=True),
    _text("reviewed_by", nullable=True),
    _whole("refused_ms", nullable=True),
    Index("ix_copy_device", "device"),
)
"""Suspected copies of a PC's disk. `life` is the log that the copy writes: it may deliver, and gets nothing until somebody
confirmed it by signature (`reviewed_by` is that record)."""

# --- decided by the judge, in the order in which things arrived -------------------------------------------------------

STANDING = _table(
    "standing",
    _whole("log_no", key=True),
    _whole("seq", key=True),
    _text("record"),
    _text("dossier", nullable=True),
    _text("commune"),
    _text("kind"),
    _text("by"),
    _text("outcome"),
    _text("code"),
    _text("detail"),
    _whole("retryable"),
    _whole("since_ms"),
    Index("ix_standing_record", "record"),
    Index("ix_standing_dossier", "dossier"),
    Index("ix_standing_commune", "commune"),
)
"""The records that were not simply applied: held back, or refused, and why."""

TOLD = _table(
    "told",
    _text("record", key=True),
    _text("commune", key=True),
    _text("outcome"),
    _text("code", nullable=True),
    _whole("at_ms"),
    _whole("at_count"),
    _whole("is_former"),
    Index("ix_told_is_former", "is_former"),
)
"""The newest verdict on a record that a commune was told. `is_former`: by this hub before it was put back, as the PCs gave back."""

KEY = _table(
    "key",
    _whole("no", key=True),
    _text("id"),
    _text("facts"),
    _text("issuer"),
    _text("unit"),
    _text("roles"),
    _text("name"),
    _text("title"),
    _text("record"),
    _whole("stated_ms"),
    UniqueConstraint("record"),
    Index("ix_key_id", "id"),
    Index("ix_key_unit", "unit"),
)
"""Accepted key statements in the order of acceptance; a later one of the same key replaces the earlier."""

KEY_EVENT = _table(
    "key_event",
    _whole("no", key=True),
    _text("record"),
    _text("kind"),
    _text("subject"),
    _text("by"),
    _text("facts"),
    _text("ground"),
    _whole("leaf"),
    _whole("at_ms"),
    UniqueConstraint("record"),
    Index("ix_key_event_subject", "subject"),
)
"""Accepted revocations, reinstatements, reviews and forks in the order of acceptance. `subject` is the key, for a review the
unit, for a fork the log; `leaf` how many records the hub held before it, until its place in the tree is known."""

# --- the province's log: the tree itself lies outside the database (`tlog`) --------------------------------------------

LEAF = _table(
    "leaf",
    _whole("position", key=True),
    _text("log"),
    _whole("first"),
    _whole("count"),
    Index("ix_leaf_log_first", "log", "first"),
)
"""Where the records of a log stand in the tree: `count` of them from `first` on, side by side from `position` on.

A copy of what the tree's files say, matched record by record: after a restore it shows how far this database has caught up."""

LEAFED = _table("leafed", _text("log", key=True), _whole("length"))
"""How many records of each log stand in the tree."""

CHECKPOINT = _table("checkpoint", _whole("size", key=True), _whole("signed_ms"), _bytes("note"))
"""Signed checkpoints with the cosignatures that came for them; the newest, and one of each day."""

# --- derived from the logs and those decisions: `rebuild` makes them again ---------------------------------------------

LEASE = _table(
    "lease",
    _text("unit", key=True),
    _whole("first", key=True),
    _whole("last"),
    _text("log"),
    _whole("from_day"),
    Index("ix_lease_log", "log"),
)

KEY_REQUEST = _table(
    "key_request",
    _text("record", key=True),
    _text("key"),
    _text("unit"),
    _text("facts"),
    _text("name"),
    _text("title"),
    _text("by"),
    _whole("asked_ms"),
    Index("ix_key_request_key", "key"),
)
"""What unit administrators asked the province to state; answered by a later statement of the same key."""

PUBLICATION = _table(
    "publication",
    _text("kind", key=True),
    _whole("version", key=True),
    _whole("effective"),
    _whole("until", nullable=True),
    _text("record"),
    _whole("published_ms"),
    _bytes("content"),
)
"""Catalogues and calendars of the province's log."""

DOSSIER = Table(
    "dossier",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    _text("commune"),
    _text("home"),
    _text("procedure"),
    _text("code"),
    _whole("status"),
    _whole("channel"),
    _whole("received_ms", nullable=True),
    _whole("accepted_day", nullable=True),
    _whole("due_ms", nullable=True),
    _whole("overdue_day", nullable=True),
    _whole("overdue_until", nullable=True),
    _whole("finished_ms", nullable=True),
    _whole("finished_day", nullable=True),
    _text("ended_as"),
    _text("timeliness"),
    _whole("conflicts"),
    _whole("records"),
    _bytes("counted"),
    _bytes("digest"),
    _text("keeper"),
    _text("tenures"),
    Index("ix_dossier_accepted", "accepted_day"),
    Index("ix_dossier_commune_accepted", "commune", "accepted_day"),
    Index("ix_dossier_finished", "finished_day"),
    Index("ix_dossier_commune_finished", "commune", "finished_day"),
    Index("ix_dossier_code", "code"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""One row per dossier, as folded: what lists and figures are made of. No personal data.

`commune` settles it (figures are by it), `home` received it, `keeper` holds it now that units were re-organised;
`tenures` says who counted it before ("" where it was always `commune`). `accepted_day` is None for what reports do not count.
From `overdue_day` on, before `overdue_until`, it is overdue at the end of each day (the last such stretch).
`counted` is what it added to the counters, so that it can be taken back.
"""

TENURE = Table(
    "tenure",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    _whole("since", key=True),
    _whole("until"),
    _text("commune"),
    Index("ix_tenure_commune", "commune"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Which commune counted a dossier on which days, for those that a re-organisation moved."""

REHOMING = _table("rehoming", Column("id", LargeBinary, primary_key=True))
"""Dossiers that a re-organisation concerns and that the judge has yet to fold anew."""

REFOLDING = _table(
    "refolding",
    _whole("no", key=True),
    Column("id", LargeBinary, nullable=False),
    _whole("is_failed"),
    Index("ix_refolding_is_failed", "is_failed", "no"),
)
"""Dossiers that another version of the program folded, in the order in which they are folded anew."""

SCOPE = _table("scope", _text("commune", key=True), _bytes("digest"))
"""Per keeping commune the sum of its dossiers' digests: what a round compares with the node's."""

OVERDUE_BEFORE = Table(
    "overdue_before",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    _whole("since", key=True),
    _whole("until"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Earlier stretches of being overdue of the few dossiers that were so more than once (extended, paused)."""

MEASURES = tuple(metric.value for metric in Metric)
"""What a tally counts on the day it happened; stocks (carried over, processing, overdue) are sums of these."""

TALLY = Table(
    "tally",
    METADATA,
    _whole("shape", key=True),
    _text("commune", key=True),
    _text("procedure", key=True),
    _whole("period", key=True),
    *(_whole(measure, default=0) for measure in MEASURES),
    Index("ix_tally_procedure", "shape", "procedure", "period"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Rolled-up counters. `shape` says day or month and by what: see `projection.tallies`."""

TWIN_KEY = _table(
    "twin_key",
    _text("record", key=True),
    Column("key", LargeBinary, primary_key=True),
    _whole("is_person"),
    Column("dossier", LargeBinary, nullable=False),
    _text("unit"),
    _text("by"),
    _text("log"),
    _whole("at_ms"),
    _whole("is_shared"),
    Index("ix_twin_key_key", "key"),
    Index("ix_twin_key_shared", "is_shared"),
)
"""What dossiers are compared by (keyed hashes of person, procedure and day, and of numbers): see `projection.twins`."""

TWIN_SETTLED = _table("twin_settled", _text("conflict", key=True), _text("record", key=True))
"""Records that settled a difference, by its id."""

REORGANISATION = _table(
    "reorganisation",
    _whole("no", key=True),
    _text("record"),
    _text("kind"),
    _whole("effective"),
    _whole("at_ms"),
    _whole("at_counter"),
    _text("facts"),
    _text("content"),
    _text("by"),
    UniqueConstraint("record"),
)
"""What the province said about its units: re-organisations and allotments of dossiers, in order of arrival."""

# --- local to this hub -------------------------------------------------------------------------------------------------

SETTING = _table("setting", _text("name", key=True), _text("value"))
"""Few facts about this hub: its epoch, the province, the fold version of the derived tables."""

DEVICE = _table(
    "device",
    _text("id", key=True),
    _text("unit"),
    _text("name"),
    _whole("enrolled_ms"),
    _whole("contact_ms", nullable=True),
    _whole("synced_ms", nullable=True),
    _text("beacon"),
    _whole("rounds", default=0),
    _whole("bytes_in", default=0),
    _whole("bytes_out", default=0),
    _whole("digest_state", default=0),
    _whole("looked_ms", nullable=True),
    Index("ix_device_unit", "unit"),
)
"""Enrolled PCs and what their last contact said; the keys themselves are in `key`. `looked_ms`: up to when an administrator
has looked into it that the PC's data was put back or goes on in two ways."""

HEARD = _table("heard", _text("device", key=True), _text("log", key=True), _whole("length"))
"""How far each PC had the logs of the province when it was here last."""

RECEIPT = _table("receipt", _text("commune", key=True), _bytes("signed"))
"""The newest receipt signed for a commune, so that an idle round signs nothing."""

ENROLMENT = _table(
    "enrolment",
    _whole("no", key=True),
    _text("digest"),
    _text("unit"),
    _text("device_name"),
    _text("roles"),
    _text("issued_by"),
    _whole("issued_ms"),
    _whole("expires_ms"),
    _whole("used_ms", nullable=True),
    _text("device", nullable=True),
    UniqueConstraint("digest"),
)
"""Enrolment codes: only a hash of the secret is kept."""

ACCOUNT = _table(
    "account",
    _text("login", key=True),
    _text("name"),
    _text("roles"),
    _bytes("password"),
    _whole("generation"),
    _whole("active"),
    _whole("made_ms"),
    _whole("seen_ms", nullable=True),
)

ATTEMPT = _table(
    "attempt",
    _text("subject", key=True),
    _whole("window", key=True),
    _whole("count"),
)
"""How often somebody tried something guessable (a password, an enrolment code) within a window of time."""

EVENT = _table(
    "event",
    _whole("no", key=True),
    _whole("at_ms"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    Index("ix_event_at", "at_ms"),
)
"""Who did what at this hub: log-ins, codes issued, publications."""

FILE = _table(
    "file",
    _bytes("file", key=True),
    _bytes("record", key=True),
    _bytes("dossier"),
    _text("commune"),
    _whole("size"),
    _whole("is_result"),
    _whole("is_standing"),
    Index("ix_file_dossier", "dossier"),
    Index("ix_file_commune", "commune"),
)
"""Encrypted files that judged records state; `is_standing` is 0 for one that was removed or replaced."""

DOCUMENT = _table(
    "document",
    _bytes("document", key=True),
    _bytes("changed_by", key=True),
    _bytes("dossier"),
    _text("state"),
    _text("log"),
    _whole("seq"),
    Column("unit", Text, nullable=False, server_default=""),
    Index("ix_document_dossier", "dossier"),
    Index("ix_document_unit", "unit"),
)
"""Results and hand-over receipts that are not simply in force any more, one row for each record that changed one; `log` and
`seq` say where that record stands, `unit` is that of the record that made the document ("" in rows of before there was one)."""

CARRIED_BEACON = _table(
    "carried_beacon",
    _text("device", key=True),
    _text("unit"),
    _text("log"),
    _whole("count"),
    _whole("leases_seen"),
    _whole("codes_left"),
)
"""The newest beacon of a PC that another one brought; `count` only grows within a log. It stands until the next one, because
what shows that the PC has used its numbers may be judged only later."""
RELAYED_LOAD = _table(
    "relayed_load",
    _text("load", key=True),
    _text("relay"),
    _whole("size"),
    _whole("at_ms"),
    _whole("state"),
    _text("sender"),
    _text("unit"),
    _whole("records"),
    _text("outcome"),
    Index("ix_relayed_load_sender", "sender", "at_ms"),
)
"""Parts of parcels that another PC brought (`central_hub.relay`): `state` as `central_hub.relay.spool.LoadState`.
`outcome` is empty or the code of the first thing in it that was not taken. What lies here as bytes is a file of its own."""

RELAY_ANSWER = _table(
    "relay_answer",
    _text("device", key=True),
    _whole("part", key=True),
    _text("load"),
    _whole("size"),
    _text("parcel"),
    _whole("made_ms"),
)
"""The newest answer for a PC whose requests came by way of another one, part by part, until a newer one is asked for; `made_ms` is 0
once something of that PC came after it."""

FOREIGN = _table(
    "foreign_record",
    _text("unit", key=True),
    _text("record", key=True),
    _text("dossier", nullable=True),
    _whole("is_closed"),
    Index("ix_foreign_record_record", "record"),
    Index("ix_foreign_record_dossier", "dossier"),
)
"""Records of other communes that were listed for a unit; `is_closed` where their bodies stay withheld from it."""

LEG = _table(
    "leg",
    _text("record", key=True),
    Column("dossier", LargeBinary, nullable=False),
    _text("sender"),
    _text("unit"),
    _whole("is_referral"),
    _text("state"),
    _whole("is_open"),
    _whole("at_ms"),
    _whole("deadline_ms", nullable=True),
    _whole("ended_ms", nullable=True),
    Index("ix_leg_dossier", "dossier"),
    Index("ix_leg_is_open", "is_open", "unit"),
)
"""The legs of dossiers between units, as folded: where each waits. No personal data."""

OPEN_CONFLICT = _table(
    "open_conflict",
    Column("dossier", LargeBinary, primary_key=True),
    _text("conflict", key=True),
    _text("kind"),
    _text("field", nullable=True),
    _whole("fields"),
    _whole("is_review"),
    _text("unit"),
    _whole("since_ms"),
)
"""What officers of a dossier have yet to settle, one row per question, as folded. No values, nothing personal.

`field` is that of a single disputed field; `fields` counts those in dispute (0 where it is about something else).
`unit` owns it, by the re-organisations of today.
"""

DERIVED = (
    FOREIGN,
    LEG,
    OPEN_CONFLICT,
    FILE,
    DOCUMENT,
    PLACE,
    TOLD,
    LEASE,
    KEY_REQUEST,
    PUBLICATION,
    TENURE,
    REHOMING,
    REFOLDING,
    DOSSIER,
    OVERDUE_BEFORE,
    SCOPE,
    TALLY,
    TWIN_KEY,
    TWIN_SETTLED,
)
"""Tables that `rebuild` empties and makes again from the logs."""
