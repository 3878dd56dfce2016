"""`_()` of our pages says what flask-babel's own says, only sooner."""

from flask import Flask, render_template_string
from flask_babel import Babel, force_locale
from markupsafe import Markup

from look import texts

PAGES = (
    "{{ _('Hồ sơ') }}",
    "{{ _('Bước %(name)s', name='<b>') }}",
    "{{ _('Bước %(name)s', name='<b>' | safe) }}",
    "{{ _('<i>không có trong bảng</i>') }}",
    "{{ _('100 %%') }}",
    "{% trans n=3 %}Còn {{ n }} ngày{% endtrans %}",
    "{% trans n=3 %}{{ n }} hồ sơ{% pluralize %}{{ n }} hồ sơ{% endtrans %}",
    "{% autoescape false %}{{ _('<i>%(n)s</i>', n='<b>') }}{% endautoescape %}",
    "{% set t = _('Hồ sơ') %}{{ t ~ '<' }}",
)


def made(*, is_ours: bool) -> Flask:
    app = Flask("edge_node")
    Babel(app, default_locale="vi")
    if is_ours:
        texts.attach(app)
    return app


def shown(app: Flask, page: str, language: str) -> str:
    with app.test_request_context("/"), force_locale(language):
        return str(render_template_string(page))


def test_every_text_is_shown_as_flask_babel_shows_it() -> None:
    ours, theirs = made(is_ours=True), made(is_ours=False)
    for page in PAGES:
        for language in ("vi", "en", "vi"):
            assert shown(ours, page, language) == shown(theirs, page, language), (page, language)
    assert shown(ours, PAGES[0], "en") == "Dossiers" != shown(ours, PAGES[0], "vi") == "Hồ sơ"
    assert shown(ours, PAGES[3], "vi") == Markup("<i>không có trong bảng</i>")


def test_the_language_may_change_within_a_request() -> None:
    app = made(is_ours=True)
    with app.test_request_context("/"):
        said = [render_template_string(PAGES[0])]
        with force_locale("en"):
            said.append(render_template_string(PAGES[0]))
        said.append(render_template_string(PAGES[0]))
    assert said == ["Hồ sơ", "Dossiers", "Hồ sơ"]


def test_outside_a_request_a_text_stays_as_it_is_written() -> None:
    app = made(is_ours=True)
    assert app.jinja_env.from_string(PAGES[0]).render() == "Hồ sơ"
