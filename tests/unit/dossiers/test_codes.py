from datetime import date

import pytest

from dossiers.codes import (
    NUMBER_MAX,
    CodeKind,
    CodePattern,
    Exhausted,
    Issued,
    Lease,
    free_ranges,
    grantable_range,
    log_tag,
    next_code,
    parse_code,
    provisional_code,
)
from dossiers.errors import CodeInvalid

DAY = date(2026, 11, 20)
UNIT, OTHER_UNIT = "20242", "20257"
LOG, OTHER_LOG = "0f" * 16, "a7" * 16


def lease(first: int, last: int, *, unit: str = UNIT, start: date = DAY, log: str = LOG) -> Lease:
    return Lease(unit=unit, first=first, last=last, start=start, log=log)


class TestPattern:
    def test_the_default_is_marked_unverified(self) -> None:
        assert CodePattern().format(UNIT, DAY, 7) == "H17.20242-261120-0007"
        assert not CodePattern().verified

    def test_another_pattern(self) -> None:
        pattern = CodePattern(template="000.<unit>.H17/YYMMDD-NNNN-A", verified=True)
        assert pattern.format(UNIT, DAY, 9999) == "000.20242.H17/261120-9999-A"

    @pytest.mark.parametrize(
        "template",
        ["", "H17-YYMMDD-NNNN", "H17.NNNN-<unit>-YYMMDD", "h17.<unit>-YYMMDD-NNNN", "TAM.<unit>-YYMMDD-NNNN"],
    )
    def test_refuses_patterns_that_cannot_be_read_back(self, template: str) -> None:
        with pytest.raises(CodeInvalid):
            CodePattern(template=template)

    @pytest.mark.parametrize(("unit", "number"), [("48", 1), ("2024२", 1), (UNIT, 0), (UNIT, 10_000)])
    def test_refuses_numbers_outside_the_shape(self, unit: str, number: int) -> None:
        with pytest.raises(CodeInvalid):
            CodePattern().format(unit, DAY, number)


class TestLeases:
    def test_takes_the_lowest_free_number(self) -> None:
        issued = next_code([lease(100, 109)], {100, 101, 103}, DAY, unit=UNIT, log=LOG)
        assert issued == Issued(code="H17.20242-261120-0102", number=102, left=6, is_low=False)

    def test_several_leases_count_together(self) -> None:
        issued = next_code([lease(500, 509), lease(1, 2)], {1, 2}, DAY, unit=UNIT, log=LOG)
        assert isinstance(issued, Issued)
        assert (issued.number, issued.left) == (500, 9)

    @pytest.mark.parametrize(
        "foreign",
        [
            lease(1, 9, log=OTHER_LOG),
            lease(1, 9, unit=OTHER_UNIT),
            lease(1, 9, start=date(2026, 11, 21)),
        ],
    )
    def test_never_draws_from_another_log_unit_or_day(self, foreign: Lease) -> None:
        assert next_code([foreign], set(), DAY, unit=UNIT, log=LOG) == Exhausted()

    def test_a_new_day_starts_again(self) -> None:
        issued = next_code([lease(1, 5)], set(), date(2026, 11, 23), unit=UNIT, log=LOG)
        assert isinstance(issued, Issued)
        assert issued.code == "H17.20242-261123-0001"

    def test_runs_low_and_then_out(self) -> None:
        leases, used, low = [lease(1, 10)], set[int](), []
        while isinstance(issued := next_code(leases, used, DAY, unit=UNIT, log=LOG), Issued):
            used.add(issued.number)
            low.append(issued.is_low)
        assert used == set(range(1, 11))
        assert low == [False] * 8 + [True] * 2

    def test_two_logs_never_meet(self) -> None:
        leases = [lease(1, 500), lease(501, 1000, log=OTHER_LOG)]
        one = next_code(leases, set(), DAY, unit=UNIT, log=LOG)
        two = next_code(leases, set(), DAY, unit=UNIT, log=OTHER_LOG)
        assert isinstance(one, Issued) and isinstance(two, Issued)
        assert (one.number, two.number) == (1, 501)

    def test_facts_and_back(self) -> None:
        facts = {"unit": UNIT, "first": 1, "last": 500, "from": 20261120, "log": LOG}
        assert lease(1, 500).to_facts() == facts
        assert Lease.from_facts(facts) == lease(1, 500)

    @pytest.mark.parametrize(("first", "last"), [(0, 5), (7, 6), (9990, 10_000)])
    def test_refuses_impossible_ranges(self, first: int, last: int) -> None:
        with pytest.raises(CodeInvalid):
            lease(first, last)


class TestGranting:
    def test_the_hub_grants_what_nobody_holds(self) -> None:
        granted = [lease(1, 500), lease(701, 900, log=OTHER_LOG), lease(501, 600, unit=OTHER_UNIT)]
        assert list(free_ranges(granted, UNIT)) == [(501, 700), (901, NUMBER_MAX)]
        assert grantable_range(granted, UNIT, 200) == (501, 700)
        assert grantable_range(granted, UNIT, 201) == (901, 1101)
        assert grantable_range([], UNIT, 500) == (1, 500)

    def test_gives_the_widest_rest_and_then_nothing(self) -> None:
        assert grantable_range([lease(1, 9900)], UNIT, 500) == (9901, NUMBER_MAX)
        assert grantable_range([lease(1, NUMBER_MAX)], UNIT, 500) is None


class TestProvisional:
    def test_names_unit_day_log_and_count(self) -> None:
        assert provisional_code(UNIT, LOG, DAY, 3) == f"TAM.20242-261120-{log_tag(LOG)}-003"

    def test_two_logs_two_codes(self) -> None:
        assert provisional_code(UNIT, LOG, DAY, 1) != provisional_code(UNIT, OTHER_LOG, DAY, 1)

    def test_a_tag_has_forty_bits_in_unambiguous_letters(self) -> None:
        assert log_tag("0" * 32) == "00000000"
        assert log_tag("f" * 32) == "ZZZZZZZZ"
        assert log_tag("00000000" + "21" + "0" * 22) == "00000011"

    def test_refuses_what_is_not_a_log(self) -> None:
        with pytest.raises(CodeInvalid):
            provisional_code(UNIT, "kho", DAY, 1)
        with pytest.raises(CodeInvalid):
            provisional_code(UNIT, LOG, DAY, 0)


class TestParsing:
    @pytest.mark.parametrize(
        "typed",
        [
            "H17.20242-261120-0007",
            "h17.20242-261120-0007",
            "  H17 20242 261120 0007\r\n",
            "H17.20242–261120–0007",
            "h1720242261120 0007",
        ],
    )
    def test_official_codes(self, typed: str) -> None:
        parsed = parse_code(typed)
        assert parsed is not None
        assert (parsed.kind, parsed.code) == (CodeKind.OFFICIAL, "H17.20242-261120-0007")
        assert (parsed.unit, parsed.day, parsed.number) == (UNIT, DAY, 7)

    @pytest.mark.parametrize("counter", [1, 42, 999, 1000])
    def test_provisional_codes_come_back_as_issued(self, counter: int) -> None:
        code = provisional_code(UNIT, OTHER_LOG, DAY, counter)
        for typed in (code, code.lower(), code.replace("-", " "), f"\t{code}\r\n"):
            parsed = parse_code(typed)
            assert parsed is not None
            assert (parsed.kind, parsed.code, parsed.number) == (CodeKind.PROVISIONAL, code, counter)
            assert parsed.tag == log_tag(OTHER_LOG)

    def test_letters_people_mistake_in_a_tag(self) -> None:
        parsed = parse_code("tam.20242-261120-o1lioxyz-001")
        assert parsed is not None
        assert parsed.code == "TAM.20242-261120-01110XYZ-001"

    @pytest.mark.parametrize(
        "typed",
        [
            "", "khai sinh", "H17.20242-261120-0000", "H17.20242-261320-0001", "H17.20242-260230-0001",
            "H18.20242-261120-0001", "H17.2024-261120-0001", "H17.20242-261120-00011", "٣17.20242-261120-0001",
            "TAM.20242-261120-ABCDEFGH-00", "TAM.20242-261120-ABCDEFGU-001", "TAM.20242-269920-ABCDEFGH-001",
            "TAM.20242-261120-ABCDEFGH-000", "MC1:" + "A" * 5000,
        ],
    )  # fmt: skip
    def test_what_is_no_code(self, typed: str) -> None:
        assert parse_code(typed) is None

    def test_follows_the_pattern_in_force(self) -> None:
        pattern = CodePattern(template="000.<unit>.H17-YYMMDD-NNNN")
        parsed = parse_code("000 20242 h17 261120 0012", pattern=pattern)
        assert parsed is not None
        assert parsed.code == "000.20242.H17-261120-0012"
        assert parse_code("H17.20242-261120-0007", pattern=pattern) is None
