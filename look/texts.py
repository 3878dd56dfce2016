"""`_()` in a template: a text of the page in the language of whoever reads it.

flask-babel looks up application, domain, language and catalogue anew for each text, which took a tenth of the time of a
page. Here only the language is asked for each text. Plurals and texts in Python are few, and stay as flask-babel has them.
"""

from gettext import NullTranslations
from typing import Any

from flask import Flask
from flask_babel import get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup


def attach(app: Flask) -> None:
    """To be called after flask-babel has installed its own."""
    catalogues: dict[str, NullTranslations] = {}

    def catalogue() -> NullTranslations:
        locale = get_locale()
        language = locale.language if locale else ""
        if language not in catalogues:
            catalogues[language] = get_translations()
        return catalogues[language]

    @pass_eval_context
    def gettext(page: EvalContext, text: str, /, **values: Any) -> str:
        found = catalogue().gettext(text)
        if page.autoescape:
            found = Markup(found)  # noqa: S704 — our own texts; the values are escaped where they are put in
        # As jinja2.ext.i18n has it, a per cent sign is written twice even where there is nothing to put in.
        return found % values if values or "%" in found else found

    app.jinja_env.globals.update(gettext=gettext, _=gettext)
