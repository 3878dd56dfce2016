"""How a command of ours answers: a line for people in two languages, one JSON value for machines, one of four exit codes.

Shared by `motcua-node` and `motcua-hub`, which may not import each other. Not here: what a command does, and where its
data lies.
"""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from signing.reasons import Reason

OK: Final = 0
FAILED: Final = 1
UNDECIDED: Final = 2
BAD_INPUT: Final = 3
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """How the caller wants to be answered; `data` is the data folder that the call is about."""

    is_json: bool
    language: str
    data: Path

    def say(self, vi: str, en: str) -> None:
        """A line for people; silent for machines."""
        if not self.is_json:
            click.echo(en if self.language == "en" else vi)

    def give(self, content: dict[str, Any]) -> None:
        """The result for machines."""
        if self.is_json:
            click.echo(json.dumps(content, ensure_ascii=False, sort_keys=True))

    def leave(self, code: int, content: dict[str, Any] | None = None) -> NoReturn:
        """End with an exit code, and the result for machines."""
        if content is not None:
            self.give({"ok": code == OK, **content})
        sys.exit(code)

    def refuse(self, reason: Reason, detail: str = "", *, code: int = FAILED) -> NoReturn:
        """End with a reason of the catalogue."""
        self.give({"ok": False, "code": reason.code, "detail": detail})
        if not self.is_json:
            is_english = self.language == "en"
            click.echo(f"{reason.en if is_english else reason.vi} [{reason.code}]", err=True)
            click.echo(reason.next_en if is_english else reason.next_vi, err=True)
            if detail:
                click.echo(f"({detail})", err=True)
        sys.exit(code)

    def bar(self, vi: str, en: str) -> Callable[[int, int], None] | None:
        """A line on the terminal that says how far it is, counted in this unit; None for machines."""
        if self.is_json or not sys.stderr.isatty():
            return None
        unit = en if self.language == "en" else vi

        def show(done: int, total: int) -> None:
            click.echo(f"\r{done}/{total} {unit} ", err=True, nl=done >= total)

        return show


def answering(
    *,
    data_help: str,
    default_data: Callable[[], Path],
    language_of: Callable[[Console], str],
    explained: Callable[[Console], AbstractContextManager[None]],
) -> Callable[[Command], Command]:
    """The options that every command of one program has, gathered into the console that it gets as first argument.

    Args:
        data_help: what the help says of the data folder; `default_data` is where it lies when nobody says.
        language_of: the language that the data folder's settings name, asked when nobody says one.
        explained: turns whatever can be refused into a reason of the catalogue.
    """

    def decorate(command: Command) -> Command:
        @click.option(
            "--data", type=click.Path(path_type=Path, file_okay=False), default=None, help=data_help
        )
        @click.option("--json", "is_json", is_flag=True, help="Answer as JSON.")
        @click.option("--lang", type=click.Choice(["vi", "en"]), default=None, help="Language of the answer.")
        @wraps(command)
        def run(*values: Any, data: Path | None, is_json: bool, lang: str | None, **options: Any) -> Any:
            console = Console(is_json=is_json, language=lang or "vi", data=data or default_data())
            if lang is None:
                console = replace(console, language=language_of(console))
            with explained(console):
                return command(console, *values, **options)

        return run  # type: ignore[return-value]

    return decorate


def run_commands(group: click.Group, name: str) -> None:
    """The body of a console script: click's own complaints become exit code 3."""
    try:
        group.main(prog_name=name, standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(BAD_INPUT)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(FAILED)
