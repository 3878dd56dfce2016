"""Every text of the hub has an English one with the same values in it."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.support.hub import shared_province

HUB = Path(__file__).resolve().parents[2] / "central_hub"
VALUES = re.compile(r"%\((\w+)\)")


def english() -> Catalog:
    data = (HUB / "translations/en/LC_MESSAGES/messages.po").read_bytes()
    return read_po(BytesIO(data), locale="en")


def texts() -> set[str]:
    found = [
        row
        for folder in (HUB, HUB.parent / "look")
        for row in extract_from_dir(
            folder, method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2")],
            keywords={"_": None, "gettext": None, "ngettext": (1, 2)},
        )
    ]  # fmt: skip
    return {message[0] if isinstance(message, tuple) else message for _file, _line, message, *_rest in found}


def said(message: Message | None) -> list[str]:
    if message is None:
        return []
    return [
        text for text in (message.string if isinstance(message.string, tuple) else (message.string,)) if text
    ]


def test_every_text_is_said_in_english() -> None:
    catalogue = english()
    assert not sorted(text for text in texts() if not said(catalogue.get(text)))


def test_no_english_is_left_of_texts_that_are_gone() -> None:
    known = texts()
    ids = (
        message.id[0] if isinstance(message.id, tuple) else message.id for message in english() if message.id
    )
    assert not sorted(text for text in ids if text not in known)


def test_both_languages_name_the_same_values() -> None:
    for message in english():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in said(message):
            assert set(VALUES.findall(text)) <= set(VALUES.findall(ids[0])), text
            assert len(ids) > 1 or set(VALUES.findall(text)) == set(VALUES.findall(ids[0])), text


@pytest.mark.parametrize(
    "path", ["/", "/statistics", "/reports", "/nodes", "/nodes/codes", "/quarantine", "/administration"]
)
def test_an_english_page_speaks_english(path: str) -> None:
    visitor = shared_province().browser("quantri")
    visitor.post("/language", language="en")
    page = visitor.page(path)
    body = re.sub(r"<script.*?</script>|<[^>]*>", " ", page[page.index("<main") :], flags=re.DOTALL)
    for word in (
        "Tiếp nhận",
        "Đơn vị theo",
        "Máy trạm",
        "Tài khoản",
        "Chờ xem xét",
        "Tổng số",
        "Thủ tục hành chính",
    ):
        assert word not in body
