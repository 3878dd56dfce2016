"""Commands of the root ceremony: draft the next version of the trust bundle, sign it, adopt it."""

from pathlib import Path
from typing import Final

import click

from central_hub import reasons
from central_hub.console import common, local_ms, opened
from central_hub.keys import save_root
from central_hub.locks import held_lock
from central_hub.registry.ceremony import adopt, propose, read_draft
from central_hub.registry.restating import restate_when_needed
from central_hub.registry.root_passphrase import opened_root, passphrase_for_new
from central_hub.services import open_services
from central_hub.store.engine import writing
from signing.console import BAD_INPUT, OK, Console
from signing.cuts import Cause
from signing.keys import new_signing_key
from signing.signatures import PublicKey

_ENDED: Final = "ended"


@click.group()
def trust() -> None:
    """The root ceremony: draft the next version of the trust bundle, sign it, adopt it."""


@trust.command("draft")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--root", "roots", multiple=True, help="Public root key (hex); all of the new version, if given."
)
@click.option("--threshold", type=click.IntRange(1, 16), default=None, help="How many of them must sign.")
@click.option(
    "--new-registry", type=click.Choice([Cause.RETIRED.value, Cause.COMPROMISED.value]), default=None,
    help="Make a new registry key, and cut the present one off for this cause.",
)  # fmt: skip
@click.option("--since", default=None, help="Local time yyyy-mm-ddThh:mm since when it is not trusted.")
@click.option(
    "--policy", type=click.Path(path_type=Path, dir_okay=False, exists=True), default=None,
    help="File with the policy of logs and witnesses (C2SP tlog-policy).",
)  # fmt: skip
@click.option(
    "--new-log", is_flag=False, flag_value=_ENDED, type=click.Choice([_ENDED, Cause.COMPROMISED.value]), default=None,
    help="Open another origin of the transparency log: the present one cannot go on, or its key was stolen (compromised).",
)  # fmt: skip
@click.option(
    "--last-checkpoint", type=click.Path(path_type=Path, dir_okay=False, exists=True), default=None,
    help="With --new-log: the newest checkpoint of the present log that a node or a witness holds.",
)  # fmt: skip
@click.option(
    "--new-status", type=click.Choice([Cause.RETIRED.value, Cause.COMPROMISED.value]), default=None,
    help="Make a new status key; the present one is kept for older files only if it is merely retired.",
)  # fmt: skip
@click.option(
    "--algorithm-broken-at", "broken_from", type=click.IntRange(min=0), default=None,
    help="Declare Ed25519 broken: only what the log held below this size counts any more.",
)  # fmt: skip
@common
def draft_bundle(
    console: Console,
    file: Path,
    roots: tuple[str, ...],
    threshold: int | None,
    new_registry: str | None,
    since: str | None,
    policy: Path | None,
    new_log: str | None,
    last_checkpoint: Path | None,
    broken_from: int | None,
    new_status: str | None,
) -> None:
    """Write the draft of the next version to FILE, for the holders of the root keys to sign."""
    services = opened(console)
    with writing(services.engine) as connection:
        draft = propose(
            connection,
            services,
            roots=[PublicKey.from_hex(root) for root in roots] or None,
            threshold=threshold,
            registry_cause=Cause(new_registry) if new_registry else None,
            since_ms=local_ms(console, since),
            policy=None if policy is None else policy.read_text(encoding="utf-8"),
            new_log=new_log is not None,
            is_log_stolen=new_log == Cause.COMPROMISED.value,
            last_checkpoint=None if last_checkpoint is None else last_checkpoint.read_bytes(),
            broken_from=broken_from,
            status_cause=Cause(new_status) if new_status else None,
        )
    file.write_bytes(draft.encode())
    console.say(
        f"Đã ghi bản thảo phiên bản {draft.bundle.version} vào {file}; đưa từng người giữ khóa gốc ký.",
        f"Wrote the draft of version {draft.bundle.version} to {file}; have the holders of the root keys sign it.",
    )
    console.leave(OK, {"file": str(file), "version": draft.bundle.version})


@trust.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--root-passphrase", default=None, help="Passphrase of the root key file; asked for when absent."
)
@click.option(
    "--no-root-passphrase",
    is_flag=True,
    help="A root key file that opens without one: for a demonstration only.",
)
@common
def make_root(console: Console, file: Path, root_passphrase: str | None, no_root_passphrase: bool) -> None:
    """Make a root key in FILE (on a medium of its own) and print its public part. Needs no hub."""
    if file.exists():
        console.refuse(reasons.INPUT, f"{file} exists", code=BAD_INPUT)
    passphrase = passphrase_for_new(console, root_passphrase, is_without=no_root_passphrase)
    root = new_signing_key()
    save_root(file, root, passphrase=passphrase)
    console.say(f"Khóa gốc công khai: {root.public.hex}", f"Public root key: {root.public.hex}")
    console.leave(OK, {"file": str(file), "public": root.public.hex})


@trust.command("sign")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--root-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=True)
@click.option(
    "--root-passphrase", default=None, help="Passphrase of the root key file; asked for where it needs one."
)
@common
def sign_draft(console: Console, file: Path, root_file: Path, root_passphrase: str | None) -> None:
    """Sign the draft FILE with a root key. Needs no hub: do it where the key is, offline."""
    draft = read_draft(file).sign(opened_root(root_file, root_passphrase))
    file.write_bytes(draft.encode())
    version, fingerprint = draft.bundle.version, draft.bundle.fingerprint
    console.say(
        f"Đã ký phiên bản {version}; dấu vân tay khóa gốc của phiên bản này: {fingerprint}",
        f"Signed version {version}; root fingerprint of this version: {fingerprint}",
    )
    console.leave(OK, {"version": version, "fingerprint": fingerprint})


@trust.command("adopt")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@common
def adopt_draft(console: Console, file: Path) -> None:
    """Make the signed draft FILE the trust bundle in use; the hub must be stopped. Nodes get it with their next sync."""
    services = opened(console)
    with held_lock(services.config.data / "serve.lock"):
        bundle = adopt(services, read_draft(file))
        stated = restate_when_needed(open_services(services.config))
    console.say(
        f"Phiên bản {bundle.version} có hiệu lực. Dấu vân tay khóa gốc: {bundle.fingerprint}",
        f"Version {bundle.version} is in use. Root fingerprint: {bundle.fingerprint}",
    )
    console.say(
        f"Đã công bố lại khóa của {len(stated)} máy để in mã trên giấy.",
        f"Stated the keys of {len(stated)} PCs again, for codes on paper.",
    )
    console.leave(OK, {"version": bundle.version, "fingerprint": bundle.fingerprint, "restated": len(stated)})
