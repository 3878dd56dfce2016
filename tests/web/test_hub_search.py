"""One search box: a whole code opens its dossier, everything else is a list; never by a person's name."""

import re

import pytest

from tests.support.hub import ProvinceHub, Visitor, shared_province


@pytest.fixture(scope="module")
def hub() -> ProvinceHub:
    return shared_province()


@pytest.fixture
def visitor(hub: ProvinceHub) -> Visitor:
    return hub.browser("thongke")


def a_code(visitor: Visitor) -> tuple[str, str]:
    page = visitor.page("/statistics/dossiers?figure=solved&commune=20195")
    found = re.search(r'mc-row-link mc-code" href="([^"]*)">([^<]+)<', page)
    assert found
    return found[1], found[2]


def test_a_whole_code_opens_its_dossier_however_it_is_typed(visitor: Visitor) -> None:
    href, code = a_code(visitor)
    for typed in (code, code.lower(), f"  {code} "):
        assert visitor.get("/search", query_string={"q": typed}).headers["Location"] == href


def test_the_beginning_of_a_code_lists_dossiers(visitor: Visitor) -> None:
    _href, code = a_code(visitor)
    assert code in visitor.page(f"/search?q={code[:-1]}")


@pytest.mark.parametrize(
    ("typed", "leads"),
    [
        ("hai van", "/statistics?commune=20195"),
        ("khai sinh", "/catalogue/procedures/1.001193"),
        ("quay 1", "/nodes/"),
    ],
)
def test_units_procedures_and_pcs_are_found_without_diacritics(
    visitor: Visitor, typed: str, leads: str
) -> None:
    assert leads in visitor.get("/search", query_string={"q": typed}).text


@pytest.mark.parametrize(
    "typed", ["", "   ", "Nguyễn Văn An", "048090003318", "'; DROP TABLE dossier; --", "%", "_"]
)
def test_nothing_is_found_by_a_persons_name_or_by_tricks(visitor: Visitor, typed: str) -> None:
    answer = visitor.get("/search", query_string={"q": typed})
    assert answer.status_code == 200
    assert "Không tìm thấy" in answer.text
