"""Commands of `publish`: a catalogue or a calendar for every node, from a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from central_hub import reasons
from central_hub.console import common, opened
from central_hub.publishing.service import publish_calendar, publish_catalogue
from central_hub.store.engine import writing
from signing.console import BAD_INPUT, OK, Console


@click.group()
def publish() -> None:
    """Publish a catalogue or a calendar to every node."""


def _publish_command(name: str, publish_it: Callable[..., Any], help_text: str) -> None:
    @publish.command(name, help=help_text)
    @click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
    @common
    def command(console: Console, file: Path) -> None:
        services = opened(console)
        try:
            content = msgspec.json.decode(file.read_bytes())
        except msgspec.DecodeError as error:
            console.refuse(reasons.INPUT, f"{file}: {error}", code=BAD_INPUT)
        if not isinstance(content, dict):
            console.refuse(reasons.INPUT, f"{file}: object expected", code=BAD_INPUT)
        with writing(services.engine) as connection:
            record = publish_it(connection, services, content, actor="cli")
        version = record.header.facts["version"]
        console.say(f"Đã ban hành phiên bản {version}.", f"Published version {version}.")
        console.leave(OK, {"version": version, "record": record.id})


_publish_command("catalogue", publish_catalogue, "Publish the catalogue of procedures in FILE.")
_publish_command("calendar", publish_calendar, "Publish the working calendar in FILE.")
