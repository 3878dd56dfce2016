"""Every sentence that a screen can show exists in English too, with the same values in it.

Vietnamese is the source text. A switch to English that leaves single sentences behind looks like a mistake, and one
that loses a value is one.
"""

import re
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tools.translations import texts_of, updated

ROOT = Path(__file__).resolve().parent.parent
APPS = ("edge_node", "central_hub")
_METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]
_VALUE = re.compile(r"%\((\w+)\)[sd]")


def extracted(app: str) -> dict[str, str]:
    """Every text of an app, and of the look it shows → the file where it stands."""
    found: dict[str, str] = {}
    for folder in (app, "look"):
        for file, _, text, _, _ in extract_from_dir(ROOT / folder, method_map=_METHODS):
            for each in text if isinstance(text, tuple) else (text,):
                found.setdefault(each, file)
    return found


def english(app: str) -> Catalog:
    with (ROOT / app / "translations" / "en" / "LC_MESSAGES" / "messages.po").open(encoding="utf-8") as lines:
        return read_po(lines, locale="en")


def words_of(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def missing(texts: dict[str, str], catalogue: Catalog) -> list[str]:
    said = {key: m for m in catalogue for key in (m.id if isinstance(m.id, tuple) else (m.id,))}
    return [
        f"{file}: {text}"
        for text, file in texts.items()
        if text not in said or said[text].fuzzy or not all(words_of(said[text]))
    ]


@pytest.mark.parametrize("app", APPS)
def test_every_text_is_said_in_english(app: str) -> None:
    texts = extracted(app)
    assert len(texts) > 100
    assert missing(texts, english(app)) == []


@pytest.mark.parametrize("app", APPS)
def test_english_keeps_the_values_of_the_source(app: str) -> None:
    wrong = []
    for message in english(app):
        source = message.id[0] if isinstance(message.id, tuple) else message.id
        if source and any(
            set(_VALUE.findall(w)) != set(_VALUE.findall(source)) for w in words_of(message) if w
        ):
            wrong.append(source)
    assert wrong == []


def test_the_search_for_missing_texts_bites() -> None:
    assert missing({"Một câu chưa ai dịch": "x.html"}, english("edge_node")) == [
        "x.html: Một câu chưa ai dịch"
    ]


@pytest.mark.parametrize("app", APPS)
def test_collecting_texts_changes_nothing_where_nothing_is_new(app: str) -> None:
    """`make translations` sorted and wrapped both catalogues anew: thousands of lines, and a conflict with everybody's work."""
    catalogue = (ROOT / app / "translations" / "en" / "LC_MESSAGES" / "messages.po").read_text(
        encoding="utf-8"
    )
    assert updated(catalogue, texts_of(ROOT, app)) == (catalogue, [])


def test_new_texts_are_added_at_the_end_once_and_nothing_else_moves() -> None:
    before = 'msgid ""\nmsgstr ""\n"Language: en\\n"\n\nmsgid "Hồ sơ"\nmsgstr "Dossier"\n'
    new = ["Hồ sơ", 'Số "%(number)s"', ("%(count)s máy", "%(count)s máy"), 'Số "%(number)s"', "a\nb"]
    after, added = updated(before, new)
    assert after.startswith(before) and added == [new[1], new[2], new[4]]
    assert after[len(before) :] == (
        '\n#, python-format\nmsgid "Số \\"%(number)s\\""\nmsgstr ""\n'
        '\n#, python-format\nmsgid "%(count)s máy"\nmsgid_plural "%(count)s máy"\nmsgstr[0] ""\nmsgstr[1] ""\n'
        '\nmsgid "a\\nb"\nmsgstr ""\n'
    )
    assert updated(after, new) == (after, [])
    assert {m.id for m in read_po(StringIO(after)) if m.id} == {new[0], new[1], new[2], new[4]}
