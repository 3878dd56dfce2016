"""Asking for the passphrase of a root key file: typed twice where one is made, once where one is opened, never empty by accident.

A root file without one can be used by whoever finds the medium. A demonstration or a test may want that, and says so.
"""

import sys
from pathlib import Path
from typing import Final

import click

from central_hub import reasons
from central_hub.keys import load_root
from signing.console import BAD_INPUT, Console
from signing.errors import KeyLocked
from signing.keys import SigningKey

_WORDS: Final = "Mật khẩu tệp khóa gốc / Passphrase of the root key file"


def passphrase_for_new(console: Console, given: str | None, *, is_without: bool) -> str:
    """The passphrase of a root file that will be made; refused (exit code 3) when none was given and none can be asked for."""
    if is_without:
        if given:
            console.refuse(reasons.INPUT, "--root-passphrase --no-root-passphrase", code=BAD_INPUT)
        return ""
    if given is None and sys.stdin.isatty():
        given = click.prompt(_WORDS, hide_input=True, confirmation_prompt=True, err=True)
    if not (given or "").strip():
        console.refuse(reasons.INPUT, "--root-passphrase (--no-root-passphrase: demo)", code=BAD_INPUT)
    return given or ""


def opened_root(path: Path, given: str | None) -> SigningKey:
    """The key in a root file; a passphrase that was not given is asked for where the file needs one. KeyLocked for a wrong one."""
    try:
        return load_root(path, passphrase=given or "")
    except KeyLocked:
        if given is not None or not sys.stdin.isatty():
            raise
    return load_root(path, passphrase=click.prompt(_WORDS, hide_input=True, err=True))
