"""`motcua-hub init`: found a province's hub, once.

Order of effects: root key files first (in a folder of their own), then database, then keys; the file `keys/secret` is
written last of the keys and the epoch in one transaction with the first account, so a crash leaves a folder that `init`
refuses or completes, never one that serves half-founded.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from central_hub.accounts.service import HUB_ROLES, make_account
from central_hub.config import HubConfig
from central_hub.keys import SECRET_BYTES, SECRET_FILE, load_root, log_verifier, save_keys, save_root
from central_hub.projection.refolding import mark_current
from central_hub.publishing.service import publish_defaults
from central_hub.registry.compact import state_registry
from central_hub.services import Services, open_services, system_clock_ms
from central_hub.settings import EPOCH, get_setting, put_setting
from central_hub.store.engine import writing
from central_hub.store.schema import upgrade
from central_hub.tls import make_authority
from dossiers.kinds import AUTHORITY
from dossiers.units import load_default_units
from signing.bundles import make_bundle, sign_bundle
from signing.keys import BoxKey, LockCost, SigningKey, new_box_key, new_signing_key
from signing.roles import Role
from signing.statements import KeyStatement


class AlreadyFounded(RuntimeError):
    """There is a hub in this folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """What `init` has to tell."""

    services: Services
    root_files: tuple[Path, ...]
    fingerprint: str
    login: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCeremony:
    """Who holds the roots: `count` key files in `folder`, or each where `paths` says (media of their own, one per
    holder); `threshold` of them must sign a trust bundle."""

    folder: Path
    count: int = 1
    threshold: int = 1
    passphrase: str = ""
    paths: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Where the root keys are written."""
        return self.paths or tuple(self.folder / f"root-{number}.key" for number in range(1, self.count + 1))


def found_hub(
    config: HubConfig,
    ceremony: RootCeremony,
    *,
    administrator: str = "quantri",
    administrator_name: str = "Quản trị tỉnh",
    password: str | None = None,
    lock_cost: LockCost = LockCost.OFFICE,
) -> Founded:
    """Make roots, keys, certificate authority, database, the first administrator, and publish the built-in data."""
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (config.keys / SECRET_FILE).exists():
        _found_keys(config, ceremony, lock_cost)
    services = open_services(config, lock_cost=lock_cost)
    upgrade(services.engine)
    chosen = password or _readable_password()
    with writing(services.engine) as connection:
        if get_setting(connection, EPOCH) is not None:
            raise AlreadyFounded(str(config.data))
        put_setting(connection, EPOCH, services.random_bytes(16).hex())
        mark_current(connection)
        make_account(
            connection,
            services,
            login=administrator,
            name=administrator_name,
            roles=HUB_ROLES,
            password=chosen,
        )
        publish_defaults(connection, services)
    if services.tree is not None and services.keys.log is not None:
        services.tree.found(services.keys.log)
    return Founded(
        services=services,
        root_files=ceremony.files,
        fingerprint=services.keys.bundle.fingerprint,
        login=administrator,
        password=chosen,
    )


def _found_keys(config: HubConfig, ceremony: RootCeremony, lock_cost: LockCost) -> None:
    roots = [_root(path, ceremony.passphrase, lock_cost) for path in ceremony.files]
    province = load_default_units().province
    hub, box, registry, log = new_signing_key(), new_box_key(), new_signing_key(), new_signing_key()
    status = new_signing_key()
    log_key = log_verifier(province.code, log.public)
    now_ms = system_clock_ms()
    payload = make_bundle(
        version=1,
        province=province.code,
        roots=[root.public for root in roots],
        threshold=ceremony.threshold,
        registry=[registry.public],
        hub=_hub_statement(hub, box, roots[0], province.code),
        ca_sha256=make_authority(config.keys, province_name=province.name, now_ms=now_ms),
        authority=AUTHORITY,
        issued=now_ms,
        policy=f"log {log_key}\nquorum none\n",
        status=[status.public],
    )
    state_registry(
        config.keys, registry=registry.public, province=province.code, bundle_version=1, roots=roots
    )
    save_keys(
        config.keys,
        secret=secrets.token_bytes(SECRET_BYTES),
        hub=hub,
        box=box,
        registry=registry,
        log=log,
        status=status,
        envelope=sign_bundle(payload, roots),
    )


def _root(path: Path, passphrase: str, lock_cost: LockCost) -> SigningKey:
    """Make a root key; one of an interrupted `init` is taken up again."""
    if path.exists():
        return load_root(path, passphrase=passphrase)
    root = new_signing_key()
    save_root(path, root, passphrase=passphrase, cost=lock_cost)
    return root


def _hub_statement(hub: SigningKey, box: BoxKey, root: SigningKey, province: str) -> KeyStatement:
    return KeyStatement(
        key=hub.public, box=box.hex, roles=frozenset({Role.HUB}), unit=province, issuer=root.public.id
    )


def _readable_password() -> str:
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))
