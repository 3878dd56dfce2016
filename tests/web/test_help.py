"""The guide on the node: whole, safe, with pictures that exist."""

import base64
from pathlib import Path

import pytest
from markupsafe import Markup

from edge_node.help.guide import folder, load_guide, picture_size
from edge_node.help.markdown import anchor_of, render
from tests.support.node import browse
from tests.support.office import make_office

PICTURE_BYTES_MAX = 150_000


def _render(text: str) -> str:
    return str(render(text, lambda address, text: Markup("[{}]").format(address)).body)


def test_the_guide_is_shown_with_its_contents(tmp_path: Path) -> None:
    browser = browse(make_office(tmp_path))
    page = browser.get("/help")
    assert "Hướng dẫn cho cán bộ một cửa" in page and "Khi mất kết nối" in page
    for heading in load_guide().headings:
        if heading.level == 2:
            assert f'href="#{heading.anchor}"' in page and f'id="{heading.anchor}"' in page


def test_every_picture_of_the_guide_is_there_and_small() -> None:
    named = {path.name for path in (folder() / "images").glob("can-bo-*.png")}
    for name in sorted(named):
        path = folder() / "images" / name
        assert path.stat().st_size <= PICTURE_BYTES_MAX, name
        assert picture_size(path)[0] > 300
    text = (folder() / "can-bo-mot-cua.md").read_text(encoding="utf-8")
    assert {part.split(")")[0] for part in text.split("](images/")[1:]} == named


def test_pictures_are_served_and_nothing_beside_them(tmp_path: Path) -> None:
    browser = browse(make_office(tmp_path))
    name = sorted((folder() / "images").glob("can-bo-*.png"))[0].name
    with browser.client.get(f"/help/images/{name}") as answer:
        assert answer.mimetype == "image/png" and answer.data.startswith(b"\x89PNG")
    for path in (
        "/help/images/../can-bo-mot-cua.md",
        "/help/images/%2e%2e/can-bo-mot-cua.md",
        "/help/images/x.png",
    ):
        assert browser.client.get(path).status_code == 404


def test_what_the_guide_uses_is_rendered() -> None:
    assert _render("# T\n\nMột **hai** `ba`") == "<p>Một <strong>hai</strong> <code>ba</code></p>"
    assert _render("- a\n  tiếp\n- b\n  1. c") == "<ul><li>a tiếp</li><li>b<ol><li>c</li></ol></li></ul>"
    assert "<blockquote><p>x y</p></blockquote>" in _render("> x\n> y")
    assert '<td data-label="A">1</td>' in _render("| A | B |\n|---|---|\n| 1 | 2 |")
    assert _render("![mô tả](images/a.png)") == "[images/a.png]"
    assert _render("```\na < b\n```") == "<pre><code>a &lt; b</code></pre>"
    assert _render("## Khi mất kết nối") == '<h2 id="khi-mat-ket-noi">Khi mất kết nối</h2>'


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "**<img src=x onerror=y>**",
        "| <b> |\n|---|\n| <i> |",
    ],
)
def test_nothing_in_a_text_becomes_markup(text: str) -> None:
    shown = _render(text)
    assert (
        "<script" not in shown and "javascript:" not in shown and "<img" not in shown and "<i>" not in shown
    )


def test_anchors_have_no_marks() -> None:
    assert anchor_of("Đăng nhập, khóa màn hình") == "dang-nhap-khoa-man-hinh"


def test_the_verifier_is_offered_with_the_trust_that_this_pc_holds(tmp_path: Path) -> None:
    office = make_office(tmp_path)
    browser = browse(office)
    assert 'href="/help/verify.html"' in browser.get("/help")
    page = browser.get("/help/verify.html")
    assert base64.b64encode(office.province.envelope()).decode() in page
    assert 'id="trust-slot">null<' not in page
