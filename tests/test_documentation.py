"""What the documents promise exists: commands, settings, reason codes, make targets, files, links, and the examples run."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import re
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType

import click
import pytest

import central_hub.reasons
import dossiers.reasons
import edge_node.reasons
import signing.reasons
import sync_protocol.reasons
from signing.reasons import Reason
from tools.reference import (
    CONFIGURATIONS,
    all_reasons,
    commands_below,
    configurations,
    reasons,
    reference,
    root_command,
    setting_meanings,
    with_map,
)

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "scripts"
]


def _documents() -> list[Path]:
    return sorted(
        [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sync_protocol").glob("*.md")]
    )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_document = pytest.mark.parametrize("document", _documents(), ids=_named)


# --- the generated pages ---------------------------------------------------------------------------------------------


def test_the_reference_is_what_the_code_says() -> None:
    assert _read(ROOT / "docs" / "reference.md") == reference(), "run `make reference`"


def test_the_catalogue_of_reasons_is_what_the_code_says() -> None:
    assert _read(ROOT / "docs" / "reasons.md") == reasons(), "run `make reference`"


def test_the_map_is_what_the_code_says() -> None:
    architecture = _read(ROOT / "docs" / "architecture.md")
    assert architecture == with_map(architecture), "run `make reference`"
    assert "`signing/canonical.py`" in architecture


@pytest.mark.parametrize(
    "room", [signing.reasons, sync_protocol.reasons, dossiers.reasons, edge_node.reasons, central_hub.reasons]
)
def test_a_reason_that_can_be_given_is_in_its_catalogue(room: ModuleType) -> None:
    """One that was left out reached officers as "the province did not say why"."""
    made = {value.code for value in vars(room).values() if isinstance(value, Reason)}
    assert made == {reason.code for reason in room.REASONS}


def test_reason_codes_are_unique_and_speak_both_languages() -> None:
    codes = [reason.code for reason in all_reasons()]
    assert len(set(codes)) == len(codes)
    for reason in all_reasons():
        for text in (reason.vi, reason.en, reason.next_vi, reason.next_en):
            assert text.endswith((".", "!")), reason.code
            assert text == text.strip(), reason.code
        assert reason.vi != reason.en
        assert 400 <= reason.status < 600, reason.code


# --- commands --------------------------------------------------------------------------------------------------------


@functools.cache
def _commands() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for script, entry in SCRIPTS.items():
        module = importlib.import_module(entry.partition(":")[0])
        found |= dict(commands_below(script, root_command(module, script)))
    return found


def _typed(text: str) -> list[str]:
    """Command lines as documents show them: in code blocks and in backticks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^ {4,}\S.*$", text, re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", text)
    lines = [line for block in blocks for line in block.splitlines()] + indented + inline
    return [re.sub(r"^\$ |^sudo |^\S*[\\/](?=motcua-)", "", line.strip()) for line in lines]


def _unknown_commands(text: str) -> list[str]:
    return [
        line for line in _typed(text) if re.match(r"motcua-[a-z]+(?![a-z.])", line) and not _is_known(line)
    ]


def _is_known(line: str) -> bool:
    words = re.split(r"\s+(?:[|>&#;]|\.\.\.)", line)[0].split()
    names = [" ".join(words[:count]) for count in (3, 2, 1)]
    name = next((name for name in names if name in _commands()), None)
    if name is None:
        return False
    rest = words[len(name.split()) :]
    if rest and isinstance(_commands()[name], click.Group) and not rest[0].startswith(("-", "<", "[", "…")):
        return False
    return {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)} <= _options(name)


def _options(name: str) -> set[str]:
    params = [*_commands()[name].params, *_commands()[name.split()[0]].params]
    return {option for param in params for option in (*param.opts, *param.secondary_opts)} | {"--help"}


@each_document
def test_documented_commands_exist(document: Path) -> None:
    assert not _unknown_commands(_read(document))


def test_the_search_for_commands_bites() -> None:
    assert _unknown_commands("`motcua-verify --no-such-option x`")
    assert _unknown_commands("`motcua-node no-such-command`")
    assert _unknown_commands("`motcua-nothing`")
    assert not _unknown_commands("`motcua-verify FILE --trust FILE`")


# --- targets, codes, settings, files, links --------------------------------------------------------------------------


@functools.cache
def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", _read(ROOT / "Makefile"), re.MULTILINE))


@each_document
def test_documented_make_targets_exist(document: Path) -> None:
    typed = [line for line in _typed(_read(document)) if re.match(r"make [a-z]", line)]
    unknown = [line for line in typed if line.split()[1] not in _targets()]
    assert not unknown


def test_every_make_target_is_documented() -> None:
    text = _read(ROOT / "docs" / "development.md")
    assert not {target for target in _targets() - {"help"} if f"`make {target}`" not in text}


@each_document
def test_documented_reason_codes_exist(document: Path) -> None:
    codes = {reason.code for reason in all_reasons()}
    prefixes = {code.partition("_")[0] for code in codes}
    words = re.findall(r"`([A-Z]{2,}(?:_[A-Z0-9]+)+)`", _read(document))
    assert not [word for word in words if word.partition("_")[0] in prefixes and word not in codes]


def _settings() -> dict[str, set[str]]:
    """Of each app, by the prefix of its variables: the names of its settings."""
    found = {}
    for module in map(importlib.import_module, CONFIGURATIONS):
        fields = {f.name.upper() for c in configurations(module) for f in dataclasses.fields(c)}
        found[module.ENVIRONMENT_PREFIX] = fields
    return found


@each_document
def test_documented_settings_exist(document: Path) -> None:
    for prefix, names in _settings().items():
        assert set(re.findall(rf"\b{prefix}([A-Z][A-Z_]*[A-Z])", _read(document))) <= names


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_setting_says_what_it_means(name: str) -> None:
    for configuration in configurations(importlib.import_module(name)):
        silent = {field.name for field in dataclasses.fields(configuration)} - set(
            setting_meanings(configuration)
        )
        assert not silent, f"no meaning under `Attributes:` of {configuration.__name__}"


@each_document
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", _read(document))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert not [target for target in local if not (document.parent / target).exists()]


@each_document
def test_files_named_in_documents_exist(document: Path) -> None:
    pattern = r"`((?:signing|sync_protocol|dossiers|edge_node|central_hub|tests|tools|assets|docs|demo|benchmarks)/[\w./-]+)`"
    made = ("static/vendor", "node_modules", "benchmarks/results.json")
    named = [path for path in re.findall(pattern, _read(document)) if not any(part in path for part in made)]
    assert not [path for path in named if not (ROOT / path).exists()]


@each_document
def test_each_document_says_first_what_it_is(document: Path) -> None:
    lines = _read(document).splitlines()
    assert lines[0].startswith("# "), "the first line is the title"
    assert "TODO" not in _read(document)


# --- examples --------------------------------------------------------------------------------------------------------


def test_the_readme_shows_the_two_commands() -> None:
    typed = _typed(_read(ROOT / "README.md"))
    assert any(line.startswith("make demo") for line in typed)
    assert any(line.startswith("make test") for line in typed)


@each_document
def test_python_examples_run(document: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", _read(document), re.DOTALL | re.MULTILINE):
        exec(compile(block, _named(document), "exec"), {})


def test_every_decision_has_its_parts() -> None:
    for decision in (ROOT / "docs" / "adr").glob("*.md"):
        text = _read(decision)
        assert re.match(r"# \d+\. ", text), decision.name
        assert "**Problem.**" in text and "**Choice.**" in text and "**Cost.**" in text, decision.name


def test_the_changelog_has_an_unreleased_section_and_the_version_once() -> None:
    assert "## [Unreleased]" in _read(ROOT / "CHANGELOG.md")
    found = subprocess.run(
        ["git", "grep", "-lE", r"^__version__ = "],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert found.stdout.split() == ["signing/version.py"]
