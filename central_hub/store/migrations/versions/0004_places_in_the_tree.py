"""Where records stand in the province's log, and its checkpoints."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "leaf",
        sa.Column("position", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("first", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("count", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_leaf")),
        sqlite_strict=True,
    )
    op.create_index("ix_leaf_log_first", "leaf", ["log", "first"])
    op.create_table(
        "leafed",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("length", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_leafed")),
        sqlite_strict=True,
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("signed_ms", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoint")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    for name in ("checkpoint", "leafed", "leaf"):
        op.drop_table(name)
