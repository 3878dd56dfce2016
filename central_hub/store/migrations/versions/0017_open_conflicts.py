"""What officers have yet to settle, question by question. The judge fills it: dossiers with a conflict are folded once more."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "open_conflict",
        sa.Column("dossier", sa.LargeBinary(), nullable=False),
        sa.Column("conflict", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("fields", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("is_review", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("since_ms", _WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("dossier", "conflict", name=op.f("pk_open_conflict")),
        sqlite_strict=True,
    )
    _fold_those_with_a_conflict()


def _fold_those_with_a_conflict() -> None:
    """Listed behind those that are being folded anew already; all others keep their rows as they are."""
    dossier = sa.table("dossier", sa.column("id", sa.LargeBinary()), sa.column("conflicts", _WHOLE))
    refolding = sa.table(
        "refolding",
        sa.column("no", _WHOLE),
        sa.column("id", sa.LargeBinary()),
        sa.column("is_failed", _WHOLE),
    )
    setting = sa.table("setting", sa.column("name", sa.Text()), sa.column("value", sa.Text()))
    connection = op.get_bind()
    last = connection.scalar(sa.select(sa.func.max(refolding.c.no))) or 0
    number = sa.func.row_number().over(order_by=dossier.c.id) + last
    listed = sa.select(number, dossier.c.id, sa.literal(0)).where(
        dossier.c.conflicts > 0, dossier.c.id.not_in(sa.select(refolding.c.id))
    )
    connection.execute(sa.insert(refolding).from_select(["no", "id", "is_failed"], listed))
    if not last:
        total = connection.scalar(sa.select(sa.func.count()).select_from(refolding)) or 0
        named = setting.c.name == "refolding_total"
        connection.execute(sa.update(setting).where(named).values(value=str(total)))


def downgrade() -> None:
    op.drop_table("open_conflict")
