"""What travels: records, logs, frontiers, rounds, receipts and verdicts.

This package turns officers' actions into signed, chained bytes and decides, from values alone, what two
replicas still have to tell each other. It opens no socket, file or database, reads no clock and draws no
randomness: time, ids and signers are arguments. It does not know what a dossier means (see `dossiers`) and
leaves cryptography to `signing`.
"""

from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.log import LogOpening, Run, Seal, log_id, make_seal, verify_seal
from sync_protocol.record import (
    Body,
    BodyState,
    Header,
    Record,
    UnverifiedRecord,
    compose,
    open_record,
    verify_record,
)

__all__ = [
    "Body",
    "BodyState",
    "Frontier",
    "FrontierEntry",
    "Header",
    "LogOpening",
    "Record",
    "Run",
    "Seal",
    "UnverifiedRecord",
    "compose",
    "log_id",
    "make_seal",
    "open_record",
    "verify_record",
    "verify_seal",
]
