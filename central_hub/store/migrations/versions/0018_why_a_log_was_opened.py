"""Why a PC opened a log, so that the fleet tells whose data was put back, and up to when somebody has looked into it.

`motcua-hub rebuild` fills it for logs from before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.add_column("log", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("device", sa.Column("looked_ms", _WHOLE, autoincrement=False, nullable=True))


def downgrade() -> None:
    op.drop_column("device", "looked_ms")
    op.drop_column("log", "reason")
