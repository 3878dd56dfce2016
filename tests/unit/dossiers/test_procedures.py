import re
from dataclasses import replace
from datetime import date

import pytest

from dossiers.components import Fee, FeeUnit, FieldKind, FormField, Option, Paper, PaperForm, Words
from dossiers.deadlines import Area, RuleType, TimeRule, due
from dossiers.errors import CatalogueInvalid
from dossiers.kinds import check_facts
from dossiers.procedures import (
    Catalogue,
    Procedure,
    Unverified,
    load_default_calendar,
    load_default_catalogue,
)
from signing.canonical import decode, encode
from sync_protocol.limits import BODY_SIZE_BYTES_MAX

CATALOGUE = load_default_catalogue()
TODAY = date(2026, 11, 20)

# domain.md §4.3, written down a second time by hand.
FREQUENT = {
    "1.001193": ("civil_status", "same_day_cutoff", 0),
    "1.000656": ("civil_status", "same_day_cutoff", 0),
    "1.000894": ("civil_status", "conditional_extension", 0),
    "1.004873": ("civil_status", "conditional_extension", 15_000),
    "2.000635": ("civil_status", "same_day_cutoff", 8_000),
    "1.001022": ("civil_status", "conditional_extension", 0),
    "1.004837": ("civil_status", "n_working_days", 0),
    "1.004884": ("civil_status", "conditional_extension", 0),
    "1.005461": ("civil_status", "conditional_extension", 0),
    "1.004746": ("civil_status", "conditional_extension", 0),
    "1.004859": ("civil_status", "conditional_extension", 0),
    "2.000986": ("linked", "none", 0),
    "2.002913": ("linked", "none", 0),
    "2.000815": ("certification", "conditional_extension", 2_000),
    "2.000884": ("certification", "same_day_cutoff", 10_000),
    "2.000908": ("certification", "same_day_cutoff", 0),
    "2.001019": ("certification", "n_working_days", 50_000),
    "1.004222": ("residence", "n_working_days", 20_000),
    "1.004194": ("residence", "n_working_days", 15_000),
    "1.001612": ("business", "n_working_days", 0),
    "1.011606": ("social_protection", "none", 0),
    "1.011607": ("social_protection", "n_calendar_days", 0),
    "1.001699": ("social_protection", "n_calendar_days", 0),
    "1.014028": ("social_protection", "none", 0),
    "1.013949": ("land", "n_working_days", 0),
    "1.013227": ("construction", "n_working_days", 0),
}


def procedure(code: str) -> Procedure:
    found = CATALOGUE.find(code, 1)
    assert found is not None
    return found


class TestDefaultCatalogue:
    def test_is_the_table_of_the_domain(self) -> None:
        shipped = {p.code: (p.field, p.rule.type.value, p.fee_due()) for p in CATALOGUE.procedures}
        assert shipped == FREQUENT

    def test_verified_times(self) -> None:
        verified = {p.code for p in CATALOGUE.procedures if p.is_verified(Unverified.TIME)}
        assert verified == {
            "1.001193", "1.004873", "2.000635", "1.001022", "2.000815", "2.000908", "1.004222", "1.001612", "1.013949",
        }  # fmt: skip

    def test_papers_forms_and_dates_are_marked_on_every_procedure(self) -> None:
        marks = {Unverified.PAPERS, Unverified.FORM, Unverified.EFFECTIVE}
        assert all(marks <= p.unverified for p in CATALOGUE.procedures)
        assert not CATALOGUE.code_pattern.verified
        assert not CATALOGUE.office_rules.verified

    def test_an_unknown_amount_is_marked(self) -> None:
        for p in CATALOGUE.procedures:
            if any(fee.amount is None for fee in p.fees):
                assert not p.is_verified(Unverified.FEE)

    def test_a_ministry_s_system_is_marked(self) -> None:
        assert procedure("1.001193").system == "moj"
        assert procedure("1.004222").system == "mps"
        assert all(not p.is_verified(Unverified.SYSTEM) for p in CATALOGUE.procedures if p.system)

    def test_all_words_come_in_two_languages(self) -> None:
        for p in CATALOGUE.procedures:
            names = [
                p.name,
                *(x.name for x in p.papers),
                *(x.label for x in p.form_fields),
                *(f.name for f in p.fees),
            ]
            names += [option.name for x in p.form_fields for option in x.options]
            assert all(name.vi.strip() and name.en.strip() for name in names)
            assert len(p.papers) >= 1 and len(p.form_fields) >= 3
            assert any(paper.is_required for paper in p.papers) or p.code in ("2.000908", "1.011606")

    def test_codes_fit_into_records(self) -> None:
        for p in CATALOGUE.procedures:
            parts: tuple[Paper | FormField | Fee, ...] = (*p.papers, *p.form_fields, *p.fees)
            assert all(re.fullmatch(r"[a-z][a-z0-9_]{1,39}", part.code) for part in parts)
            facts = {
                "procedure": p.code, "procedure_version": p.version, "channel": 1, "code": None, "provisional": None,
                "receiving": "20242", "competent": "20242", "received": 1, "due": None, "rule": p.rule.type.value,
                "status": 2, "sets": p.sets, "fee_due": p.fee_due(),
                "fields": sorted(x.record_code for x in p.form_fields),
                "papers": [
                    {"paper": x.code, "form": x.form.value, "count": x.count, "digitised": False, "reused": False}
                    for x in p.papers
                ],
            }  # fmt: skip
            assert check_facts("dossier.received", facts) is None, p.code

    def test_every_sector_is_named(self) -> None:
        assert {p.field for p in CATALOGUE.procedures} == {s.code for s in CATALOGUE.sectors}
        assert CATALOGUE.sector_name("civil_status").vi == "Hộ tịch"
        assert CATALOGUE.sector_name("fishery").vi == "fishery"

    def test_birth_registration_asks_what_the_certificate_needs(self) -> None:
        asked = {f.code: f for f in procedure("1.001193").form_fields}
        assert {
            "child_name",
            "birth_date",
            "birth_time",
            "birth_place",
            "sex",
            "ethnic_group",
        } <= asked.keys()
        assert {"father_name", "mother_name"} <= asked.keys()
        assert [option.name.vi for option in asked["sex"].options] == ["Nam", "Nữ"]
        assert asked["child_name"].record_code == "form.child_name"

    def test_the_area_modifier_of_land(self) -> None:
        rule, calendar = procedure("1.013949").rule, load_default_calendar()
        ordinary = due(1_793_000_000_000, rule, calendar)
        difficult = due(1_793_000_000_000, rule, calendar, area=Area.DIFFICULT)
        assert ordinary is not None and difficult is not None
        assert calendar.minutes_between(ordinary, difficult) == 10 * 480


class TestSearch:
    @pytest.mark.parametrize(
        ("typed", "first"),
        [
            ("khai sinh", "1.001193"),
            ("Đăng ký khai tử", "1.000656"),
            ("dang ky ket hon", "1.000894"),
            ("sao y", "2.000815"),
            ("doc than", "1.004873"),
            ("2.000635", "2.000635"),
            ("ho khau", "1.004222"),
            ("khuyet tat", "1.001699"),
            ("household business", "1.001612"),
        ],
    )
    def test_finds_what_people_type(self, typed: str, first: str) -> None:
        assert CATALOGUE.search(typed)[0].code == first

    def test_every_word_must_occur_in_any_order(self) -> None:
        assert {p.code for p in CATALOGUE.search("sinh lại")} == {"1.004884"}
        assert CATALOGUE.search("khai sinh tàu biển") == ()

    def test_nothing_typed_lists_everything(self) -> None:
        assert len(CATALOGUE.search("")) == len(CATALOGUE.procedures)


class TestVersions:
    def newer(self) -> Catalogue:
        second = replace(
            procedure("1.004837"),
            version=2,
            rule=TimeRule(type=RuleType.N_WORKING_DAYS, amount=2),
            effective_from=20270301,
        )
        return replace(CATALOGUE, version=2, effective=20270301, procedures=(second,))

    def test_a_later_catalogue_keeps_the_pinned_versions(self) -> None:
        both = CATALOGUE.with_published(self.newer())
        assert both.version == 2
        assert both.find("1.004837", 1) == procedure("1.004837")
        assert len(both.procedures) == len(CATALOGUE.procedures) + 1

    def test_the_day_of_receipt_decides_the_version(self) -> None:
        both = CATALOGUE.with_published(self.newer())
        before, after = (
            both.current("1.004837", date(2027, 2, 28)),
            both.current("1.004837", date(2027, 3, 1)),
        )
        assert before is not None and after is not None
        assert (before.version, after.version) == (1, 2)
        assert [p.version for p in both.at(date(2027, 3, 1)).search("1.004837")] == [2]

    def test_what_is_repealed_or_not_yet_in_force_cannot_be_received(self) -> None:
        repealed = replace(procedure("1.011607"), effective_until=20261231)
        catalogue = replace(CATALOGUE, procedures=(repealed,))
        assert catalogue.current("1.011607", date(2026, 12, 31)) == repealed
        assert catalogue.current("1.011607", date(2027, 1, 1)) is None
        assert CATALOGUE.at(date(2025, 6, 30)).procedures == ()
        assert CATALOGUE.current("9.999999", TODAY) is None

    def test_order_of_arrival_does_not_matter(self) -> None:
        one, other = CATALOGUE.with_published(self.newer()), self.newer().with_published(CATALOGUE)
        assert one.version == other.version == 2
        assert set(one.procedures) == set(other.procedures)

    def test_a_known_version_never_changes(self) -> None:
        altered = replace(procedure("1.004837"), rule=TimeRule(type=RuleType.N_WORKING_DAYS, amount=9))
        later = replace(CATALOGUE, version=2, procedures=(altered,))
        assert CATALOGUE.altered_by(later) == (altered,)
        assert CATALOGUE.altered_by(self.newer()) == ()
        assert CATALOGUE.with_published(later).find("1.004837", 1) == procedure("1.004837")

    def test_what_the_province_published_wins_over_the_package(self) -> None:
        checked = replace(procedure("1.004837"), unverified=frozenset())
        rules = replace(CATALOGUE.office_rules, reception_hours=4, verified=True)
        published = replace(CATALOGUE, version=1, procedures=(checked,), office_rules=rules)
        both = published.with_shipped(replace(CATALOGUE, version=5))
        assert both.find("1.004837", 1) == checked
        assert both.find("1.001193", 1) == procedure("1.001193")
        assert (both.version, both.office_rules) == (1, rules)


class TestData:
    def test_out_and_back_through_a_record_body(self) -> None:
        body = encode(CATALOGUE.to_data())
        assert len(body) < BODY_SIZE_BYTES_MAX * 3 // 4
        read = Catalogue.from_data(
            decode(body, size_bytes_max=BODY_SIZE_BYTES_MAX), version=1, effective=CATALOGUE.effective
        )
        assert read == CATALOGUE
        assert encode(read.to_data()) == body

    @pytest.mark.parametrize(
        "change",
        [
            {"version": 0},
            {"rule": {"type": "n_working_days"}},
            {"rule": {"type": "someday"}},
            {"rule": None},
            {"effective_from": 20261301},
            {"name": "Đăng ký khai sinh"},
            {"papers": [{"code": "a", "name": {"vi": "a", "en": "a"}}] * 2},
            {"form_fields": [{"code": "a", "label": {"vi": "a", "en": "a"}, "kind": "choice"}]},
            {"fees": [{"code": "a", "name": {"vi": "a", "en": "a"}, "amount_after": 3}]},
            {"unverified": ["everything"]},
        ],
    )
    def test_refuses_what_it_cannot_use(self, change: dict[str, object]) -> None:
        one = CATALOGUE.to_data()["procedures"][0]
        with pytest.raises(CatalogueInvalid):
            Catalogue.from_data({"procedures": [{**one, **change}]}, version=2, effective=20270101)

    def test_refuses_twins_and_bad_patterns(self) -> None:
        content = CATALOGUE.to_data()
        twins = {"procedures": content["procedures"][:1] * 2}
        no_pattern = {"procedures": [], "code_pattern": {"template": "???"}}
        several: tuple[object, ...] = (twins, no_pattern, [], None)
        for broken in several:
            with pytest.raises(CatalogueInvalid):
                Catalogue.from_data(broken, version=2, effective=20270101)

    def test_keys_of_a_later_version_are_ignored(self) -> None:
        one = {**CATALOGUE.to_data()["procedures"][0], "colour": "red"}
        read = Catalogue.from_data({"procedures": [one], "news": 1}, version=2, effective=20270101)
        assert read.procedures[0] == CATALOGUE.procedures[0]


class TestComponents:
    def test_copies_cost_less_after_the_second_page_and_never_more_than_the_limit(self) -> None:
        (fee,) = procedure("2.000815").fees
        assert [fee.total(pages) for pages in (0, 1, 2, 3, 10, 198, 5000)] == [
            0, 2_000, 4_000, 5_000, 12_000, 200_000, 200_000,
        ]  # fmt: skip

    def test_online_may_be_cheaper(self) -> None:
        assert procedure("1.004222").fee_due(online=True) == 10_000
        assert procedure("2.000884").fee_due(online=True) == 10_000

    def test_an_unknown_amount_is_not_nought(self) -> None:
        assert Fee(code="a", name=Words(vi="a", en="a"), unit=FeeUnit.CASE).total(1) is None

    def test_a_choice_has_options_and_nothing_else_has(self) -> None:
        name = Words(vi="a", en="a")
        with pytest.raises(ValueError, match="options"):
            FormField(code="a", label=name, kind=FieldKind.CHOICE)
        with pytest.raises(ValueError, match="options"):
            FormField(code="a", label=name, options=(Option(code="b", name=name),))

    def test_papers_are_found_by_code(self) -> None:
        paper = procedure("1.001193").paper("birth_certificate")
        assert isinstance(paper, Paper)
        assert paper.form is PaperForm.ORIGINAL
        assert procedure("1.001193").paper("passport") is None
