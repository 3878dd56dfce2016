"""Revocations, reinstatements and reviews."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _whole(name: str) -> "sa.Column[int]":
    return sa.Column(
        name, sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), autoincrement=False, nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "key_event",
        _whole("no"),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        _whole("leaf"),
        _whole("at_ms"),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_key_event")),
        sa.UniqueConstraint("record", name=op.f("uq_key_event_record")),
        sqlite_strict=True,
    )
    op.create_index("ix_key_event_subject", "key_event", ["subject"])
