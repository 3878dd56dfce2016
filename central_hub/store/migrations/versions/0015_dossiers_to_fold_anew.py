"""Dossiers that another version of the program folded, and that the judge has yet to fold anew."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "refolding",
        sa.Column("no", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("is_failed", _WHOLE, autoincrement=False, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_refolding")),
        sqlite_strict=True,
    )
    op.create_index("ix_refolding_is_failed", "refolding", ["is_failed", "no"])


def downgrade() -> None:
    op.drop_table("refolding")
