"""How far each PC has the province's log: who has heard of a re-organisation, and who has not."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "heard",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("length", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("device", "log", name=op.f("pk_heard")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("heard")
