from collections import Counter

import pytest

from dossiers.units import UnitKind, load_default_units


def test_da_nang_has_94_communes_of_three_kinds() -> None:
    units = load_default_units()
    kinds = Counter(unit.kind for unit in units.communes)
    assert kinds == {UnitKind.WARD: 23, UnitKind.COMMUNE: 70, UnitKind.SPECIAL_ZONE: 1}
    assert units.province.code == "48"


def test_codes_are_five_digits_and_unique() -> None:
    codes = [unit.code for unit in load_default_units().communes]
    assert len(set(codes)) == 94
    assert all(len(code) == 5 and code.isascii() and code.isdigit() for code in codes)


def test_finds_by_code_and_names_the_unknown_by_its_code() -> None:
    units = load_default_units()
    assert units.name("20242") == "Phường Hải Châu"
    assert units.name("48") == "Thành phố Đà Nẵng"
    assert units.find("99999") is None
    assert units.name("99999") == "99999"


def test_search_needs_no_diacritics() -> None:
    assert [unit.code for unit in load_default_units().search("hai chau")] == ["20242"]


def test_agrees_with_the_published_divisions() -> None:
    published = pytest.importorskip("vietnam_provinces")
    wards = {
        (f"{ward.code:05d}", ward.name)
        for ward in published.Ward.iter_by_province(published.ProvinceCode.P_48)
    }
    assert wards == {(unit.code, unit.name) for unit in load_default_units().communes}
