"""The newest beacon that came by way of another PC, so that an old one that comes again is known for what it is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "carried_beacon",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("count", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("leases_seen", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("codes_left", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_carried_beacon")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("carried_beacon")
