"""Branches of logs, and suspected copies of a PC's disk."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _WHOLE, autoincrement=False, nullable=nullable)


def upgrade() -> None:
    op.add_column("log", sa.Column("base", _WHOLE, nullable=False, server_default="0"))
    op.add_column("log", sa.Column("origin", sa.Text(), nullable=True))
    op.create_index("ix_log_origin", "log", ["origin"])
    op.create_table(
        "copy",
        sa.Column("life", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        _whole("since_ms"),
        _whole("seen_ms"),
        _whole("confirmed_ms", nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        _whole("refused_ms", nullable=True),
        sa.PrimaryKeyConstraint("life", name=op.f("pk_copy")),
        sqlite_strict=True,
    )
    op.create_index("ix_copy_device", "copy", ["device"])


def downgrade() -> None:
    op.drop_table("copy")
    op.drop_index("ix_log_origin", "log")
    op.drop_column("log", "origin")
    op.drop_column("log", "base")
