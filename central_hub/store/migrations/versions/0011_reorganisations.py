"""Units that are re-organised: what was said, who keeps and counts a dossier, and what moved between units."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_MEASURES = ("taken_over", "taken_over_overdue", "handed_on", "handed_on_overdue")


def upgrade() -> None:
    op.create_table(
        "reorganisation",
        sa.Column("no", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("at_ms", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("at_counter", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_reorganisation")),
        sa.UniqueConstraint("record", name=op.f("uq_reorganisation_record")),
        sqlite_strict=True,
    )
    op.create_table(
        "tenure",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("since", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("until", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "since", name=op.f("pk_tenure")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tenure_commune", "tenure", ["commune"])
    op.create_table(
        "rehoming",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehoming")),
        sqlite_strict=True,
    )
    op.add_column("dossier", sa.Column("keeper", sa.Text(), nullable=False, server_default=""))
    op.add_column("dossier", sa.Column("tenures", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE dossier SET keeper = home")
    for measure in _MEASURES:
        op.add_column(
            "tally", sa.Column(measure, _WHOLE, autoincrement=False, nullable=False, server_default="0")
        )


def downgrade() -> None:
    for measure in _MEASURES:
        op.drop_column("tally", measure)
    op.drop_column("dossier", "tenures")
    op.drop_column("dossier", "keeper")
    for table in ("rehoming", "tenure", "reorganisation"):
        op.drop_table(table)
