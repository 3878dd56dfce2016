"""Runs that were opened: what is kept of them, and for how long."""

import pytest

from central_hub.store import opened_runs
from central_hub.store.opened_runs import OpenedRuns, Outline
from central_hub.tlog.sequencer import leaf_in, leaf_of
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.record import RECORD_VERSION
from tests.support.device_log import DeviceLog


def frames(count: int) -> list[bytes]:
    log = DeviceLog()
    for _ in range(count):
        log.write("dossier.noted", log.new_dossier(), {}, {"note": "Đã gọi điện"})
    return [encode_run(log.run(number, number + 1)) for number in range(count)]


def test_an_outline_says_what_the_provinces_log_says_of_each_record() -> None:
    log = DeviceLog()
    for _ in range(5):
        log.write("dossier.noted", log.new_dossier(), {}, {"note": "Đã gọi điện"})
    log.write(
        "dossier.noted", log.new_dossier(), {"by": "x"}, {"note": "Của bản mới hơn"}, v=RECORD_VERSION + 1
    )
    records = decode_run(encode_run(log.run(2, 7))).records
    outline = Outline.of(records)
    assert [leaf_in(outline, i) for i in range(5)] == [leaf_of(record) for record in records]


def test_an_outline_stays_when_its_run_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = OpenedRuns(records_max=1, outlined_max=2)
    given = frames(4)
    runs = [opened.open(no, frame) for no, frame in enumerate(given)]
    with monkeypatch.context() as kept_only:
        kept_only.delattr(opened_runs, "decode_run")
        for no in (1, 2, 3):
            assert opened.outline(no, given[no]) == Outline.of(runs[no])
        with pytest.raises(NameError):
            opened.outline(0, given[0])
    assert opened.outline(0, given[0]) == Outline.of(runs[0])


def test_another_run_under_the_same_number_has_its_own_outline() -> None:
    """A tail that did not stand gives its number back."""
    opened = OpenedRuns(records_max=1)
    one, other, next_one = frames(3)
    opened.open(1, one)
    opened.open(2, next_one)
    assert opened.outline(1, one) != opened.outline(1, other) == Outline.of(decode_run(other).records)
