"""Dossiers on their way between units: what was listed for whom, and the legs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "foreign_record",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("dossier", sa.Text(), nullable=True),
        sa.Column("is_closed", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("unit", "record", name=op.f("pk_foreign_record")),
        sqlite_strict=True,
    )
    op.create_index("ix_foreign_record_record", "foreign_record", ["record"])
    op.create_index("ix_foreign_record_dossier", "foreign_record", ["dossier"])
    op.create_table(
        "leg",
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("dossier", sa.LargeBinary(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("is_referral", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_open", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("at_ms", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("deadline_ms", _WHOLE, autoincrement=False, nullable=True),
        sa.Column("ended_ms", _WHOLE, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_leg")),
        sqlite_strict=True,
    )
    op.create_index("ix_leg_dossier", "leg", ["dossier"])
    op.create_index("ix_leg_is_open", "leg", ["is_open", "unit"])


def downgrade() -> None:
    op.drop_table("leg")
    op.drop_table("foreign_record")
