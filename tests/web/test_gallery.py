"""The macros in every sample page: strict markup in both languages."""

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from central_hub.routing.routes import _TONES as LEG_TONES_HUB
from edge_node.routing.reading import _TONES as LEG_TONES_NODE
from tests.support.gallery import PACKAGES, ROOT, compile_english, create_gallery, pages

EVERY_PAGE = [(app_name, page) for app_name in PACKAGES for page in pages(app_name)]
VOID = {
    "area",
    "base",
    "br",
    "col",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "rect",
    "circle",
    "line",
    "path",
    "source",
}


class Markup(HTMLParser):
    """Notes what a strict policy forbids and what a reader's software trips over."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.open: list[str] = []
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.forbidden += [f"<{tag} {name}>" for name in values if name == "style" or name.startswith("on")]
        if tag == "style" or (
            tag == "script" and not values.get("src") and values.get("type") != "application/json"
        ):
            self.forbidden.append(f"<{tag}>")
        self.ids += [text for name, text in attrs if name == "id" and text]
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.references += (values.get(name) or "").split()
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def markup_of(client: FlaskClient, page: str, language: str = "vi") -> Markup:
    answer = client.get(f"/{page}?lang={language}")
    assert answer.status_code == 200
    markup = Markup()
    markup.feed(answer.get_data(as_text=True))
    return markup


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FlaskClient]:
    catalogues = {name: compile_english(name, tmp_path_factory.mktemp(name)) for name in PACKAGES}
    return {name: create_gallery(name, catalogues[name]).test_client() for name in PACKAGES}


@pytest.mark.parametrize(("app_name", "page"), EVERY_PAGE)
def test_every_sample_page_obeys_the_strict_policy(
    clients: dict[str, FlaskClient], app_name: str, page: str
) -> None:
    markup = markup_of(clients[app_name], page)
    assert markup.forbidden == []
    assert markup.open == []


@pytest.mark.parametrize(("app_name", "page"), EVERY_PAGE)
def test_ids_are_unique_and_every_reference_finds_one(
    clients: dict[str, FlaskClient], app_name: str, page: str
) -> None:
    markup = markup_of(clients[app_name], page)
    assert len(markup.ids) == len(set(markup.ids))
    assert set(markup.references) <= set(markup.ids)


@pytest.mark.parametrize("app_name", PACKAGES)
def test_the_frame_speaks_english_when_asked(clients: dict[str, FlaskClient], app_name: str) -> None:
    text = clients[app_name].get("/?lang=en").get_data(as_text=True)
    assert '<html lang="en">' in text
    assert "Skip to the content" in text
    assert "Tới nội dung chính" not in text


def test_no_template_of_the_apps_carries_style_or_script() -> None:
    forbidden = re.compile(r"\sstyle=|\son[a-z]+=|hx-on|<style|javascript:", re.IGNORECASE)
    found = [
        str(path)
        for package in (*PACKAGES.values(), "look")
        for path in templates_of(package)
        if forbidden.search(read(path))
    ]
    assert found == []


def test_macro_files_translate_only_inside_macros() -> None:
    """Imported templates are made once per process: a text at their top level would keep the first visitor's language."""
    for package in (*PACKAGES.values(), "look"):
        for path in sorted((ROOT / package / "templates/macros").glob("*.html")):
            outside = re.sub(
                r"\{%-? macro .*?\{%-? endmacro -?%\}|\{#.*?#\}", "", read(path), flags=re.DOTALL
            )
            assert "_(" not in outside and "gettext(" not in outside, path


def test_lists_keep_their_state_in_the_address(clients: dict[str, FlaskClient]) -> None:
    text = clients["node"].get("/desk?status=today&sort=due&dir=asc&page=2").get_data(as_text=True)
    assert (
        'href="/desk?status=today&amp;sort=due&amp;dir=desc"' in text
    )  # the same column again turns the order round
    assert 'href="/desk?status=today&amp;sort=due&amp;dir=asc"' in text  # back to the first page
    assert (
        'href="/desk?sort=due&amp;dir=asc&amp;status=overdue"' in text
    )  # another chip leaves the page number behind


def test_what_was_typed_is_shown_as_text_and_never_as_markup(clients: dict[str, FlaskClient]) -> None:
    text = clients["node"].get('/desk?q="><script>x</script>&status=<b>').get_data(as_text=True)
    assert "<script>x" not in text
    assert "<b>" not in text


def templates_of(package: str) -> list[Path]:
    return sorted((ROOT / package / "templates").rglob("*.html"))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_icon_is_in_the_sprite() -> None:
    """An icon that the set-up does not fetch would be an empty square that nobody misses in a test."""
    table = read(ROOT / "look/templates/macros/icon.html").split("set symbols = {")[1].split("}")[0]
    symbols = dict(re.findall(r"'(\w+)': '([a-z0-9-]+)'", table))
    sprite = tomllib.loads(read(ROOT / "assets/vendor.toml"))["icons"]["sprite"]
    assert sorted(set(symbols.values())) == sorted(sprite)
    drawn = read(ROOT / "look/static/vendor/icons/icons.svg")
    assert [name for name in sprite if f'<symbol id="{name}"' not in drawn] == []


_TONES = {"plain", "work", "wait", "fact", "soon", "refused"}
_BADGE = re.compile(r"badge\((?:_\((?:[^()]|\([^()]*\))*\)|[\w.]+), '(\w+)'")


def test_badges_have_tones_that_the_style_sheet_knows() -> None:
    """A tone that is none was drawn like a plain badge: what was missing looked like what was fine."""
    pages = [page for app in ("edge_node", "central_hub", "look") for page in (ROOT / app).rglob("*.html")]
    tones = {tone for page in pages for tone in _BADGE.findall(page.read_text(encoding="utf-8"))}
    assert tones == _TONES, tones ^ _TONES
    assert {*LEG_TONES_NODE.values(), *LEG_TONES_HUB.values()} <= _TONES
