"""`publish units`: sign a re-organisation of communes from a file, or only say what it would touch."""

from pathlib import Path

import click
import msgspec

from central_hub import reasons
from central_hub.accounts.service import Account, find_account
from central_hub.accounts.signer import SignatureRefused, unlock_signer
from central_hub.console import common, opened
from central_hub.reorganisation.service import (
    Preview,
    ReorganisationRefused,
    preview,
    publish_reorganisation,
    read_plan,
)
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from signing.console import BAD_INPUT, OK, Console


@click.command("units")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--login", default="", help="The administrator who signs.")
@click.option("--password", default=None, help="Their password; asked for when absent.")
@click.option("--preview", "is_preview", is_flag=True, help="Only say what would be touched; sign nothing.")
@common
def publish_units(console: Console, file: Path, login: str, password: str | None, is_preview: bool) -> None:
    """Publish the re-organisation of communes in FILE (merge, split, move, rename)."""
    services = opened(console)
    try:
        content = msgspec.json.decode(file.read_bytes(), type=dict)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        console.refuse(reasons.INPUT, f"{file}: {error}", code=BAD_INPUT)
    try:
        with reading(services.engine) as connection:
            plan = read_plan(connection, content)
            found = preview(connection, services, plan)
        _say(console, found)
        if is_preview:
            console.leave(OK, _plain(found))
        account = _account(console, services, login)
        secret = (
            password
            if password is not None
            else click.prompt("Mật khẩu / Password", hide_input=True, err=True)
        )
        signer = unlock_signer(services, account, secret)
        with writing(services.engine) as connection:
            record = publish_reorganisation(connection, services, plan, account=account, signer=signer)
    except ReorganisationRefused as error:
        console.refuse(error.reason, str(error), code=BAD_INPUT)
    except SignatureRefused as error:
        console.refuse(reasons.LOGIN_WRONG, str(error), code=BAD_INPUT)
    console.say(
        f"Đã ký và công bố ({record.id[:16]}). Các máy tự theo từ ngày {plan.effective}.",
        f"Signed and published ({record.id[:16]}). PCs follow by themselves from {plan.effective} on.",
    )
    console.leave(OK, {**_plain(found), "record": record.id})


def _account(console: Console, services: Services, login: str) -> Account:
    with reading(services.engine) as connection:
        account = find_account(connection, login)
    if account is None:
        console.refuse(reasons.INPUT, f"--login {login}", code=BAD_INPUT)
    return account


def _say(console: Console, found: Preview) -> None:
    for unit in found.units:
        then = ", ".join(unit.successors)
        console.say(
            f"{unit.code} {unit.name} → {then}: {unit.open_dossiers} hồ sơ đang giải quyết, "
            f"{unit.ended_dossiers} đã kết thúc, {len(unit.devices)} máy, {unit.officers} cán bộ.",
            f"{unit.code} {unit.name} → {then}: {unit.open_dossiers} open dossiers, "
            f"{unit.ended_dossiers} ended, {len(unit.devices)} PCs, {unit.officers} officers.",
        )


def _plain(found: Preview) -> dict[str, object]:
    return {
        "form": found.plan.form,
        "effective": found.plan.effective,
        "allotted": found.allotted,
        "units": [
            {
                "unit": unit.code,
                "name": unit.name,
                "to": list(unit.successors),
                "open": unit.open_dossiers,
                "ended": unit.ended_dossiers,
                "devices": list(unit.devices),
                "officers": unit.officers,
            }
            for unit in found.units
        ],
    }
