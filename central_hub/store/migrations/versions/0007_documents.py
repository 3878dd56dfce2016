"""What became of the documents of dossiers: for the status snapshot. `motcua-hub rebuild` fills it for older records."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("changed_by", sa.LargeBinary(), nullable=False),
        sa.Column("dossier", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("document", "changed_by", name=op.f("pk_document")),
        sqlite_strict=True,
    )
    op.create_index("ix_document_dossier", "document", ["dossier"])


def downgrade() -> None:
    op.drop_table("document")
