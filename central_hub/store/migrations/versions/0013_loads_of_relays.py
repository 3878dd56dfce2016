"""Parts of parcels that another PC brought, and the answers that wait to be carried back."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "relayed_load",
        sa.Column("load", sa.Text(), nullable=False),
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("size", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("at_ms", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("state", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("records", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("load", name=op.f("pk_relayed_load")),
        sqlite_strict=True,
    )
    op.create_index("ix_relayed_load_sender", "relayed_load", ["sender", "at_ms"])
    op.create_table(
        "relay_answer",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("part", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("load", sa.Text(), nullable=False),
        sa.Column("size", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("parcel", sa.Text(), nullable=False),
        sa.Column("made_ms", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("device", "part", name=op.f("pk_relay_answer")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("relay_answer")
    op.drop_table("relayed_load")
