"""Encrypted files that judged records state."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "file",
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("dossier", sa.LargeBinary(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("size", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("is_result", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("is_standing", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("file", "record", name=op.f("pk_file")),
        sqlite_strict=True,
    )
    op.create_index("ix_file_dossier", "file", ["dossier"])
    op.create_index("ix_file_commune", "file", ["commune"])


def downgrade() -> None:
    op.drop_table("file")
