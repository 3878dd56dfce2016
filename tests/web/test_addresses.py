"""How both applications write the addresses of their pages: only when one is asked for, and as Flask itself would."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Map, Rule

import central_hub.app
import edge_node
from tests.support.hub import ProvinceHub, found_province
from tests.support.node import make_app
from tests.support.office import make_office

# One that each converter of an address takes (text, `path`, `int`).
_VALUES = {"path": "a/b.js", "integer": 7}


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path / "hub")


def _node(folder: Path) -> Flask:
    return make_app(make_office(folder))


def test_no_address_is_compiled_while_an_application_is_made(
    tmp_path: Path, hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, compiled = make_office(tmp_path), []
    compile_builder: Callable[..., object] = Rule._compile_builder

    def counted(rule: Rule, append_unknown: bool = True) -> object:
        compiled.append(rule.rule)
        return compile_builder(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", counted)
    edge_node.create_app(office.services.config, office.services)
    central_hub.app.create_app(hub.services.config, hub.services)
    assert set(compiled) <= {"/static/<path:filename>"}, "Flask's own, made before we can say anything"


@pytest.mark.parametrize("program", ["node", "hub"])
def test_every_address_is_written_as_flask_would(program: str, tmp_path: Path, hub: ProvinceHub) -> None:
    app = hub.app if program == "hub" else _node(tmp_path)
    written = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {
            name: _VALUES.get(type(converter).__name__.removesuffix("Converter").lower(), "ă b")
            for name, converter in rule._converters.items()
        }
        plain = Map([Rule(rule.rule, endpoint=rule.endpoint, defaults=rule.defaults)]).bind("localhost")
        for more in ({}, {"từ": "1 & 2"}):  # written into the address, or added behind it
            asked = {**values, **more}
            for _ in range(2):
                assert written.build(rule.endpoint, asked) == plain.build(rule.endpoint, asked)
