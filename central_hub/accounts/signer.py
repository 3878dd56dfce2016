"""The key with which an officer of the province signs what they answer for: publications of catalogue and calendar.

The account's password locks a seed; the seed is the officer's signing key. So nobody signs in another's name who has
only the database or only a session: the password is asked for again. The registry states the key before its first use,
with the roles that the account holds then. Another password is another key; what the old one signed stays signed.
"""

import hashlib

from sqlalchemy import Connection

from central_hub.accounts.service import Account, opened_seed
from central_hub.registry.statements import officer_statement, state_keys
from central_hub.registry.throttle import count_failure, is_throttled
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from signing.keys import SigningKey
from signing.signatures import Signer

_FAILURES_ALLOWED = 8


class SignatureRefused(PermissionError):
    """The password was wrong, or wrong too often."""


def unlock_signer(services: Services, account: Account, password: str) -> Signer:
    """The officer's key; raises SignatureRefused. Call it before a transaction: argon2id takes its time."""
    subject = f"login {account.login}"
    with reading(services.engine) as connection:
        if is_throttled(connection, subject, allowed=_FAILURES_ALLOWED, now_ms=services.clock()):
            raise SignatureRefused("too many wrong passwords")
    seed = opened_seed(services, account.login, password)
    if seed is None:
        with writing(services.engine) as connection:
            count_failure(connection, subject, now_ms=services.clock())
        raise SignatureRefused("wrong password")
    return SigningKey.from_seed(seed)


def ensure_stated(connection: Connection, services: Services, account: Account, signer: Signer) -> None:
    """Have the registry state the officer's key, unless it stands stated with these roles.

    Raises SignatureRefused where the key was cut off: a new password makes a new key.
    """
    if not services.status.current(connection).is_silent(signer.public.id):
        raise SignatureRefused("this key was revoked")
    known = services.trust.current(connection).statement(signer.public.id)
    if known is not None and known.roles == account.roles:
        return
    statement = officer_statement(
        services,
        signer.public,
        roles=account.roles,
        unit=services.province,
        officer=_officer_id(services, account.login),
        device=services.keys.hub.public.id,
    )
    state_keys(connection, services, [(statement, {"name": account.name})])


def _officer_id(services: Services, login: str) -> str:
    """The same random-looking id for an account every time; without the hub's secret nobody finds the login in it."""
    return hashlib.sha256(services.keys.derived(f"officer {login}")).hexdigest()[:32]
