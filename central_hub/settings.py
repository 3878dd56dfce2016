"""The few facts a hub remembers about itself in its database."""

from sqlalchemy import Connection, bindparam, insert, select, update

from central_hub.store.tables import SETTING

EPOCH = "epoch"
JUDGE_SEEN = "judge_seen"
TREE_PROBLEM = "tree_problem"
TREE_WAITING = "tree_waiting_since"
QUORUM_SIZE = "quorum_size"
_VALUE = select(SETTING.c.value).where(SETTING.c.name == bindparam("setting"))


def get_setting(connection: Connection, name: str) -> str | None:
    value: str | None = connection.scalar(_VALUE, {"setting": name})
    return value


def put_setting(connection: Connection, name: str, value: str) -> None:
    if get_setting(connection, name) is None:
        connection.execute(insert(SETTING).values(name=name, value=value))
    else:
        connection.execute(update(SETTING).where(SETTING.c.name == name).values(value=value))


def hub_epoch(connection: Connection) -> str:
    """This life of the hub's database: 32 hex digits, another one after every restore."""
    epoch = get_setting(connection, EPOCH)
    if epoch is None:
        raise LookupError("this database was not initialised")
    return epoch
