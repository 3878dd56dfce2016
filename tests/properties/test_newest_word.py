"""What the province says twice: which word counts does not hang on which came first."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.receipts import LeafSpan, Receipt, ReceiptEntry, newer

LOGS = ["ab" * 16, "cd" * 16]
RECEIPTS = st.builds(
    lambda at, entries, places: Receipt(
        at=at,
        commune="20242",
        epoch="ef" * 16,
        hub="12" * 16,
        logs={
            log: ReceiptEntry(held=held, head="00" * 32, judged=min(judged, held))
            for log, (held, judged) in zip(LOGS, entries, strict=False)
        },
        places={LOGS[0]: (LeafSpan(0, 1, places),)} if places else {},
    ),
    at=st.integers(1, 2),
    entries=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=2),
    places=st.integers(0, 2),
)


@given(st.lists(RECEIPTS, min_size=1, max_size=4))
def test_of_receipts_of_one_moment_everybody_keeps_the_same(receipts: list[Receipt]) -> None:
    kept = set()
    for order in permutations(receipts):
        held: Receipt | None = None
        for receipt in order:
            held = newer(receipt, held)
        assert held is not None
        kept.add((held.at, tuple(sorted(held.logs.items())), tuple(held.places.items())))
        assert held.at == max(receipt.at for receipt in receipts)
    assert len(kept) == 1
