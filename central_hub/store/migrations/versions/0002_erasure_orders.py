"""Erasure orders in force."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("dossier", sa.Text(), nullable=False),
        sa.Column("records", sa.Text(), nullable=False),
        sa.Column("is_done", _WHOLE, server_default="0", autoincrement=False, nullable=False),
        sa.Column("is_folded", _WHOLE, server_default="0", autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_erasure")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_erasure_dossier"), "erasure", ["dossier"])
    op.create_index(op.f("ix_erasure_commune"), "erasure", ["commune"])


def downgrade() -> None:
    op.drop_table("erasure")
