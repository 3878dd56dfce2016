"""Whose documents are not in force any more: for slices of the status. `motcua-hub rebuild` fills it for older rows."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("document", sa.Column("unit", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_document_unit", "document", ["unit"])


def downgrade() -> None:
    op.drop_index("ix_document_unit", "document")
    op.drop_column("document", "unit")
