"""Commands about keys: enrol a PC, cut keys off, and review what came after a cut."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Connection

from central_hub import reasons
from central_hub.console import common, local_ms, opened
from central_hub.judge.standings import reviews_by_device, standings_after_cuts
from central_hub.registry.enrolment import FIRST_OFFICER_ROLES, enrol_by_file, issue_code
from central_hub.registry.forks import contested_records
from central_hub.registry.holders import list_holders
from central_hub.registry.revocation import (
    Act,
    reinstate_keys,
    replace_device,
    review_records,
    revoke_device,
    revoke_keys,
)
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.sync.fleet import list_devices
from signing.console import BAD_INPUT, OK, UNDECIDED, Console
from signing.cuts import Cause
from signing.names import kind_named
from sync_protocol.record import Record


@click.command()
@click.option("--commune", default="", help="Code or name of the commune.")
@click.option("--device-name", default="", help="Name of the PC within the office.")
@click.option("--role", "roles", multiple=True, help="Role of the first officer; may be given several times.")
@click.option(
    "--from-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=None,
    help="Instead: take a PC in whose request came as a file.",
)
@click.option(
    "--to-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Where the answer to such a request is written.",
)
@common
def enrol(
    console: Console,
    commune: str,
    device_name: str,
    roles: tuple[str, ...],
    from_file: Path | None,
    to_file: Path | None,
) -> None:
    """Print a code with which one PC of a commune enrols; or answer a request file with a file."""
    services = opened(console)
    if from_file is not None:
        target = to_file or from_file.with_name(from_file.stem + "-answer.json")
        with writing(services.engine) as connection:
            target.write_bytes(enrol_by_file(connection, services, from_file.read_bytes(), address="file"))
        console.say(f"Đã ghi tệp trả lời: {target}", f"Wrote the answer: {target}")
        console.leave(OK, {"file": str(target)})
    found = services.units.find(commune)
    matches = (found,) if found else services.units.search(commune)
    if len(matches) != 1:
        names = ", ".join(f"{unit.code} {unit.name}" for unit in matches[:8])
        console.refuse(reasons.INPUT, f"--commune {commune}: {names or '?'}", code=BAD_INPUT)
    with writing(services.engine) as connection:
        issued = issue_code(
            connection,
            services,
            unit=matches[0].code,
            device_name=device_name,
            roles=roles or FIRST_OFFICER_ROLES,
            issued_by="cli",
        )
    console.say(
        f"Mã ghi danh cho {issued.unit_name} ({issued.unit}), máy «{issued.device_name}»: {issued.code}",
        f"Enrolment code for {issued.unit_name} ({issued.unit}), PC «{issued.device_name}»: {issued.code}",
    )
    console.leave(OK, asdict(issued))


@click.command()
@click.argument("key")
@click.option("--cause", type=click.Choice([cause.value for cause in Cause]), default=Cause.LOST.value)
@click.option("--reinstate", is_flag=True, help="Lift a suspension instead.")
@click.option(
    "--replace", "is_replaced", is_flag=True, help="A PC: cut it off and print a code for the next one."
)
@click.option(
    "--since", default=None, help="Local time yyyy-mm-ddThh:mm from which a compromise is suspected."
)
@click.option("--ground", required=True, help="Who reported what, and when; it stands in the signed record.")
@common
def revoke(
    console: Console,
    key: str,
    cause: str,
    reinstate: bool,
    is_replaced: bool,
    since: str | None,
    ground: str,
) -> None:
    """Cut off KEY (of an officer, or of a PC with all its officers), signed with the registry's key."""
    services = opened(console)
    act = Act(actor="cli", ground=ground)
    with writing(services.engine) as connection:
        is_device = any(
            each.id == key
            for each in list_devices(
                connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms
            )
        )
        if is_replaced:
            issued = replace_device(connection, services, key, act=act)
        elif reinstate:
            here = [h.key for h in list_holders(connection) if h.device == key] if is_device else []
            status = services.status.current(connection)
            records = reinstate_keys(
                connection, services, [k for k in (key, *here) if not status.is_silent(k)] or [key], act=act
            )
        else:
            acts = revoke_device if is_device else _revoke_one
            records = acts(
                connection, services, key, cause=Cause(cause), act=act, since_ms=local_ms(console, since)
            )
    if is_replaced:
        console.say(
            f"Đã thu hồi máy cũ. Mã ghi danh cho máy mới của {issued.unit_name}: {issued.code}",
            f"The old PC is cut off. Enrolment code for the new one of {issued.unit_name}: {issued.code}",
        )
        console.leave(OK, asdict(issued))
    console.say(f"Đã ký {len(records)} bản ghi.", f"Signed {len(records)} records.")
    console.leave(OK, {"records": [record.id for record in records]})


_WHY: Final = {
    "after_cut": ("sau mốc thu hồi khóa", "after the cut of its key"),
    "forked": ("nhật ký có hai nhánh", "the log has two branches"),
}


@click.command()
@click.argument("records", nargs=-1)
@click.option("--device", default="", help="Instead of RECORDS: all that wait of this PC (its key id).")
@click.option("--stands/--refused", "stands", default=None, help="Let the records stand, or refuse them.")
@click.option("--ground", default="", help="Who was asked and what was compared; needed to decide.")
@common
def review(console: Console, records: tuple[str, ...], device: str, stands: bool | None, ground: str) -> None:
    """List the records that wait for a review; or decide about RECORDS, signed with the registry's key."""
    services = opened(console)
    if device:
        with reading(services.engine) as connection:
            records = (*records, *reviews_by_device(connection).get(device, []))
        if not records:
            console.refuse(reasons.INPUT, f"--device {device}", code=BAD_INPUT)
    if not records:
        with reading(services.engine) as connection:
            contested = contested_records(
                HubLogStore(connection, services.opened), services.status.current(connection)
            )
            waiting = [
                *({"record": s.record, "unit": s.commune, "kind": s.kind, "key": s.by, "why": "after_cut"}
                  for s in standings_after_cuts(connection)),
                *({"record": r.id, "unit": r.header.commune, "kind": r.header.kind, "key": r.header.by,
                   "why": "forked"} for r in contested),
            ]  # fmt: skip
        for each in waiting:
            vi, en = _WHY[each["why"]]
            start = f"{each['record']}  {services.units.name(each['unit'])} ({each['unit']})"
            console.say(
                f"{start}  {kind_named(each['kind'], is_english=False)}  {vi} ({each['why']})",
                f"{start}  {kind_named(each['kind'], is_english=True)}  {en} ({each['why']})",
            )
        console.leave(UNDECIDED if waiting else OK, {"waiting": waiting})
    if stands is None or not ground:
        console.refuse(reasons.INPUT, "--stands or --refused, and --ground", code=BAD_INPUT)
    with writing(services.engine) as connection:
        act = Act(actor="cli", ground=ground)
        signed = review_records(connection, services, records, stands=stands, act=act)
    console.say(f"Đã ký xét duyệt {len(records)} bản ghi.", f"Reviewed {len(records)} records.")
    console.leave(OK, {"records": [record.id for record in signed]})


def _revoke_one(
    connection: Connection, services: Services, key: str, *, cause: Cause, act: Act, since_ms: int | None
) -> list[Record]:
    return revoke_keys(connection, services, [key], cause=cause, act=act, since_ms=since_ms)
