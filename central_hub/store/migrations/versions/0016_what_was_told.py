"""The newest verdict on every record, so that a hub that was put back says nothing twice. `motcua-hub rebuild` fills it for older ones."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "told",
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("at_ms", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("at_count", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("is_former", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("record", "commune", name=op.f("pk_told")),
        sqlite_strict=True,
    )
    op.create_index("ix_told_is_former", "told", ["is_former"])


def downgrade() -> None:
    op.drop_table("told")
