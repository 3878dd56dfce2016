"""The demo's browser sends forms as the page gave them, and complains of what is not there."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask, Response, redirect, request
from werkzeug.serving import make_server

from demo.browser import Browser, PageWrong

PAGE = """<!doctype html><html><head><title>x</title><script>var a = "<p>no</p>"</script></head><body>
<h1>Tiếp nhận</h1><p>Hồ sơ &amp; giấy tờ</p><a href="/next?a=1&amp;b=2">đi</a>
<form action="/other" method="post"><input name="q"></form>
<form action="/save" method="post">
<input type="hidden" name="csrf_token" value="t0k"><input name="name" value="Lan"><input type="file" name="scan">
<input type="checkbox" name="paid" value="1"><input type="checkbox" name="kept" value="1" checked>
<input type="radio" name="way" value="a"><input type="radio" name="way" value="b" checked>
<select name="unit"><option value="1">Một</option><option value="2" selected>Hai</option></select>
<select name="plain"><option value="x">X</option><option value="y">Y</option></select>
<textarea name="note">
Dòng 1</textarea><button name="then" value="print">In</button></form></body></html>"""


def _echo() -> Response:
    return Response(
        "|".join(f"{name}={value}" for name, value in request.form.items()), mimetype="text/plain"
    )


@pytest.fixture
def site() -> Iterator[str]:
    app = Flask(__name__)
    app.add_url_rule("/", "page", lambda: PAGE)
    app.add_url_rule("/save", "save", _echo, methods=["POST"])
    app.add_url_rule("/other", "other", lambda: redirect("/", 303), methods=["POST"])
    server = make_server("127.0.0.1", 0, app)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def test_a_form_goes_out_as_it_stands_with_what_was_changed(site: str) -> None:
    browser = Browser(site)
    answer = browser.send(browser.get("/"), r"^/save$", {"name": "Hoa", "paid": "1"}, button="then=print")
    sent = dict(part.split("=") for part in answer.text.split("|"))
    assert sent == {
        "csrf_token": "t0k", "name": "Hoa", "paid": "1", "kept": "1", "way": "b", "unit": "2", "plain": "x",
        "note": "Dòng 1", "then": "print",
    }  # fmt: skip


def test_text_is_what_people_see(site: str) -> None:
    page = Browser(site).get("/")
    assert page.text.startswith("Tiếp nhận Hồ sơ & giấy tờ")
    assert "no" not in page.text
    assert page.links("next") == ["/next?a=1&b=2"]


def test_a_redirect_is_followed(site: str) -> None:
    browser = Browser(site)
    assert browser.send(browser.get("/"), "other").path == "/"


@pytest.mark.parametrize(
    ("action", "values", "button"),
    [("missing", {}, ""), ("save", {"nobody": "1"}, ""), ("save", {}, "then=send")],
)
def test_what_is_not_on_the_page_cannot_be_sent(
    site: str, action: str, values: dict[str, str], button: str
) -> None:
    browser = Browser(site)
    with pytest.raises(PageWrong):
        browser.send(browser.get("/"), action, values, button=button)


def test_a_page_that_is_not_there_is_an_error(site: str) -> None:
    with pytest.raises(PageWrong, match="404"):
        Browser(site).get("/none")


def test_a_page_must_show_what_is_expected(site: str) -> None:
    page = Browser(site).get("/")
    assert page.expect("Tiếp nhận", "giấy tờ") is page
    with pytest.raises(PageWrong, match="Trả kết quả"):
        page.expect("Trả kết quả")
