"""What dossiers are compared by across communes, and settlements of duplicates."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "twin_key",
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("is_person", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("dossier", sa.LargeBinary(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("at_ms", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("is_shared", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("record", "key", name=op.f("pk_twin_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_twin_key_key"), "twin_key", ["key"])
    op.create_index(op.f("ix_twin_key_shared"), "twin_key", ["is_shared"])
    op.create_table(
        "twin_settled",
        sa.Column("conflict", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conflict", "record", name=op.f("pk_twin_settled")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("twin_settled")
    op.drop_table("twin_key")
