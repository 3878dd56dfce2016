"""Writes what the documents promise from what the code holds: commands and settings, reason codes, the map of rooms.

Commands come from click, settings from the apps' configuration classes, reasons from the three catalogues, the map
from the first sentence of every module. `tests/test_documentation.py` fails when a file is not what this writes.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click

from signing.reasons import Reason
from tools.protocol_tables import DOCUMENT, with_tables

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("signing", "sync_protocol", "dossiers", "look", "vault", "edge_node", "central_hub")
CONFIGURATIONS = ("edge_node.config", "central_hub.config")
_MAP = re.compile(r"(?<=<!-- map:begin -->\n).*?(?=<!-- map:end -->)", re.DOTALL)
_REFERENCE = """# Reference

For people who install and run Motcua: every command and every setting. Written by `make reference`; do not edit.
"""
_REASONS = """# Reasons

For whoever meets a refusal: every code that Motcua can give, with what happened and what to do next, in Vietnamese and
English. Codes are never reused or renamed. Written by `make reference`; do not edit.

| code | HTTP | retry helps | what happened | what to do |
|---|---|---|---|---|
"""


def all_reasons() -> tuple[Reason, ...]:
    """The one catalogue, gathered from the part of it that each floor keeps in its `reasons.py`."""
    parts = [package for package in PACKAGES if (ROOT / package / "reasons.py").exists()]
    return tuple(reason for part in parts for reason in importlib.import_module(f"{part}.reasons").REASONS)


def reference() -> str:
    """The text of `docs/reference.md`."""
    return "\n".join([_REFERENCE, *_commands(), *_settings()])


def reasons() -> str:
    """The text of `docs/reasons.md`."""
    catalogue = sorted(all_reasons(), key=lambda reason: reason.code)
    return _REASONS + "".join(_reason(reason) for reason in catalogue)


def _reason(reason: Reason) -> str:
    said = f"{_cell(reason.vi)}<br>{_cell(reason.en)}"
    advice = f"{_cell(reason.next_vi)}<br>{_cell(reason.next_en)}"
    return (
        f"| `{reason.code}` | {reason.status} | {'yes' if reason.retryable else 'no'} | {said} | {advice} |\n"
    )


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    for script, entry in scripts.items():
        module = importlib.import_module(entry.partition(":")[0])
        for name, command in commands_below(script, root_command(module, script)):
            context = click.Context(command, info_name=name, terminal_width=100, max_content_width=100)
            yield f"### {name}\n\n```\n{command.get_help(context)}\n```\n"


def root_command(module: ModuleType, script: str) -> click.Command:
    """The click command behind a console script, however its `main` wraps it."""
    commands = [value for value in vars(module).values() if isinstance(value, click.Command)]
    named = [command for command in commands if command.name == script]
    groups = [command for command in commands if isinstance(command, click.Group)]
    return (named or groups)[0]


def commands_below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The command itself and all its sub-commands, each with the words one types."""
    yield name, command
    if isinstance(command, click.Group):
        for word, below in sorted(command.commands.items()):
            yield from commands_below(f"{name} {word}", below)


def _settings() -> Iterator[str]:
    yield "## Settings\n"
    yield "A setting stands in the TOML file of the data folder by its name, or in the environment, which wins.\n"
    for name in CONFIGURATIONS:
        module = importlib.import_module(name)
        for configuration in configurations(module):
            yield f"### {name} · {configuration.__name__}\n"
            yield "| setting | environment | default | meaning |\n|---|---|---|---|"
            meanings = setting_meanings(configuration)
            for field in dataclasses.fields(configuration):
                variable = f"{module.ENVIRONMENT_PREFIX}{field.name.upper()}"
                meaning = _cell(meanings.get(field.name, ""))
                yield f"| `{field.name}` | `{variable}` | {_cell(_default(field))} | {meaning} |"
            yield ""


def setting_meanings(configuration: type) -> dict[str, str]:
    """What the class's docstring says of each setting under "Attributes:"; one entry may explain several."""
    _, _, attributes = inspect.cleandoc(configuration.__doc__ or "").partition("Attributes:\n")
    entries = re.findall(r"^    ([a-z][\w, ]*): (.*(?:\n {5,}.*)*)", attributes, re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}


def configurations(module: ModuleType) -> list[type]:
    """The configuration classes that a module defines."""
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    return [c for c in classes if dataclasses.is_dataclass(c) and c.__module__ == module.__name__]


def _default(field: dataclasses.Field[object]) -> str:
    if field.default is not dataclasses.MISSING:
        return repr(field.default)
    return "computed" if field.default_factory is not dataclasses.MISSING else "required"


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def with_map(architecture: str) -> str:
    """The text of `docs/architecture.md` with its map made anew."""
    return _MAP.sub(lambda _: "\n".join(_map()) + "\n", architecture, count=1)


def _map() -> Iterator[str]:
    for package in PACKAGES:
        yield f"\n### {package}\n"
        yield "| room | what it is for |\n|---|---|"
        folder = ROOT / package
        rooms = [path for path in folder.iterdir() if (path / "__init__.py").exists()]
        modules = [path for path in folder.glob("*.py") if path.name not in {"__init__.py", "__main__.py"}]
        if not rooms and not modules:
            yield f"| `{package}/` | {_cell(_purpose(folder / '__init__.py'))} |"
        for path in sorted({*modules, *rooms}):
            source = path / "__init__.py" if path.is_dir() else path
            yield f"| `{package}/{path.name}{'/' if path.is_dir() else ''}` | {_cell(_purpose(source))} |"
    yield ""


def _purpose(source: Path) -> str:
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    paragraph = docstring.partition("\n\n")[0].replace("\n", " ")
    return re.split(r"(?<=[.!?])\s", paragraph, maxsplit=1)[0]


def main() -> int:
    docs = ROOT / "docs"
    architecture = with_map((docs / "architecture.md").read_text(encoding="utf-8"))
    pages = {"reasons.md": reasons(), "architecture.md": architecture, "reference.md": reference()}
    for name, text in pages.items():
        (docs / name).write_text(text, encoding="utf-8", newline="\n")
    protocol = with_tables(DOCUMENT.read_text(encoding="utf-8"))
    DOCUMENT.write_text(protocol, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
