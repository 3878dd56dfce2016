"""`publish units`: sign a re-organisation of communes from a file, or only say what it would touch. `publish allotment`:
give single dossiers of a unit that was re-organised to another unit of its line."""

from pathlib import Path

import click
import msgspec

from central_hub import reasons
from central_hub.accounts.service import Account, find_account
from central_hub.accounts.signer import SignatureRefused, unlock_signer
from central_hub.console import common, opened
from central_hub.reorganisation.checks import check_allotment
from central_hub.reorganisation.plan import Allotted, ReorganisationRefused, find_dossiers, read_plan
from central_hub.reorganisation.preview import Preview, preview
from central_hub.reorganisation.service import allot, publish_reorganisation
from central_hub.reorganisation.words import look_words
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from signing.console import BAD_INPUT, OK, Console
from signing.signatures import Signer


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
        _say(console, services, found)
        if is_preview:
            console.leave(OK, _plain(found))
        account, signer = _signer(console, services, login, password)
        with writing(services.engine) as connection:
            record = publish_reorganisation(connection, services, plan, account=account, signer=signer)
    except ReorganisationRefused as error:
        console.refuse(error.reason, str(error), code=BAD_INPUT)
    console.say(
        f"Đã ký và công bố ({record.id[:16]}). Các máy tự theo từ ngày {plan.effective}.",
        f"Signed and published ({record.id[:16]}). PCs follow by themselves from {plan.effective} on.",
    )
    console.leave(OK, {**_plain(found), "record": record.id})


@click.command("allotment")
@click.argument("old")
@click.argument("new")
@click.argument("dossiers", nargs=-1)
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Codes or ids of dossiers, one a line, beside those named.",
)
@click.option("--ground", default="", help="Why; stands in the signed records.")
@click.option("--login", default="", help="The administrator who signs.")
@click.option("--password", default=None, help="Their password; asked for when absent.")
@click.option("--preview", "is_preview", is_flag=True, help="Only say whether it can be; sign nothing.")
@common
def publish_allotment(
    console: Console,
    old: str,
    new: str,
    dossiers: tuple[str, ...],
    file: Path | None,
    ground: str,
    login: str,
    password: str | None,
    is_preview: bool,
) -> None:
    """Give DOSSIERS (codes or ids) that unit OLD keeps to unit NEW, from today on: both were re-organised together."""
    services = opened(console)
    named = (*dossiers, *(file.read_text(encoding="utf-8").split() if file else ()))
    try:
        with reading(services.engine) as connection:
            found = Allotted(old=old, new=new, dossiers=find_dossiers(connection, named))
            check_allotment(connection, services, found)
        content = {"from": old, "to": new, "dossiers": list(found.dossiers)}
        count = len(found.dossiers)
        if is_preview:
            console.say(
                f"{count} hồ sơ chuyển từ {old} sang {new} được.",
                f"{count} dossiers can go from {old} to {new}.",
            )
            console.leave(OK, content)
        account, signer = _signer(console, services, login, password)
        with writing(services.engine) as connection:
            records = allot(connection, services, found, account=account, signer=signer, ground=ground[:1000])
    except ReorganisationRefused as error:
        console.refuse(error.reason, str(error), code=BAD_INPUT)
    console.say(f"Đã ký: {count} hồ sơ giao cho {new}.", f"Signed: {count} dossiers allotted to {new}.")
    console.leave(OK, {**content, "records": [record.id for record in records]})


def _signer(console: Console, services: Services, login: str, password: str | None) -> tuple[Account, Signer]:
    with reading(services.engine) as connection:
        account = find_account(connection, login)
    if account is None:
        console.refuse(reasons.INPUT, f"--login {login}", code=BAD_INPUT)
    secret = (
        password if password is not None else click.prompt("Mật khẩu / Password", hide_input=True, err=True)
    )
    try:
        return account, unlock_signer(services, account, secret)
    except SignatureRefused as error:
        console.refuse(reasons.LOGIN_WRONG, str(error), code=BAD_INPUT)


def _say(console: Console, services: Services, found: Preview) -> None:
    for share in found.shares:
        console.say(
            f"{share.old} {share.old_name} → {share.new} {share.new_name}: {share.open_dossiers} hồ sơ đang giải quyết, "
            f"{share.ended_dossiers} đã kết thúc, {len(share.devices)} máy, {share.officers} cán bộ.",
            f"{share.old} {share.old_name} → {share.new} {share.new_name}: {share.open_dossiers} open dossiers, "
            f"{share.ended_dossiers} ended, {len(share.devices)} PCs, {share.officers} officers.",
        )
    for remark in found.remarks:
        english = f"{remark.look.value.replace('_', ' ')}: {remark.count} {', '.join(remark.units)}"
        vietnamese = look_words(remark, dict(found.plan.names), services)
        console.say(f"Lưu ý: {vietnamese}", f"Note: {english.strip()}")


def _plain(found: Preview) -> dict[str, object]:
    return {
        "form": found.plan.form,
        "effective": found.plan.effective,
        "allotted": found.allotted,
        "units": [
            {
                "unit": share.old,
                "name": share.old_name,
                "to": share.new,
                "open": share.open_dossiers,
                "ended": share.ended_dossiers,
                "devices": list(share.devices),
                "officers": share.officers,
            }
            for share in found.shares
        ],
        "remarks": [
            {"look": remark.look.value, "count": remark.count, "units": list(remark.units)}
            for remark in found.remarks
        ],
    }
