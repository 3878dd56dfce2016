"""The ledger ends well only when something was claimed and all of it held."""

import io

from demo.claims import Ledger


def test_no_claims_prove_nothing() -> None:
    assert Ledger(out=io.StringIO()).verdict() == 1


def test_all_claims_held() -> None:
    ledger = Ledger(out=io.StringIO())
    assert ledger.check("Đủ", "complete", True, "12 = 12")
    assert ledger.verdict() == 0


def test_one_failed_claim_is_named_at_the_end() -> None:
    out = io.StringIO()
    ledger = Ledger(out=out)
    ledger.check("Đủ", "complete", True, "12 = 12")
    assert not ledger.equal("Bằng nhau", "equal", 3, 4)
    assert ledger.verdict() == 1
    assert out.getvalue().endswith("  ✘ Bằng nhau (equal) — 3, expected 4\n")


def test_whatever_goes_wrong_is_a_failed_claim() -> None:
    ledger = Ledger(out=io.StringIO())
    with ledger.attempt("Mở trang", "open the page"):
        raise KeyError("dossier")
    assert [claim.evidence for claim in ledger.failed] == ["KeyError: 'dossier'"]
