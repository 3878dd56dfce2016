"""The hub's trust: every accepted statement, as of the transaction that asks."""

from pathlib import Path

import pytest
from sqlalchemy import Connection

from central_hub.registry.statements import device_statement, state_keys
from central_hub.registry.trust import TrustKeeper
from central_hub.store.engine import reading, writing
from signing.signatures import PublicKey
from tests.support.device_log import key_of
from tests.support.hub import ProvinceHub, found_province

HAI_CHAU = "20242"


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def state(hub: ProvinceHub, connection: Connection, name: str) -> PublicKey:
    key = key_of(name).public
    statement = device_statement(hub.services, key, box=None, unit=HAI_CHAU)
    state_keys(connection, hub.services, [(statement, {"name": name})])
    return key


def test_every_statement_is_believed_when_it_stands(hub: ProvinceHub) -> None:
    keys = []
    for name in ("PC 1", "PC 2", "PC 3"):
        with writing(hub.services.engine) as connection:
            keys.append(state(hub, connection, name))
        with reading(hub.services.engine) as connection:
            trust = hub.services.trust.current(connection)
        assert all(trust.statement(key.id) is not None for key in keys)


def test_a_statement_that_was_undone_leaves_nothing_behind(hub: ProvinceHub) -> None:
    """The next one gets its number, and whoever had read the other took it for that."""
    reader = TrustKeeper(hub.services.keys.bundle, hub.services.genealogy)
    with pytest.raises(OSError, match="full"), writing(hub.services.engine) as connection:
        undone = state(hub, connection, "PC 1")
        assert reader.current(connection).statement(undone.id) is not None
        raise OSError("disk full")
    with writing(hub.services.engine) as connection:
        kept = state(hub, connection, "PC 2")
    with reading(hub.services.engine) as connection:
        trust = reader.current(connection)
    assert trust.statement(kept.id) is not None and trust.statement(undone.id) is None
