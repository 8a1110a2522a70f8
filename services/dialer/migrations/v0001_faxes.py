"""Faxes, dead numbers and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "faxes",
        sa.Column("fax_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("destination", sa.Text),
        sa.Column("line", sa.Text, unique=True),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("give_up_at", sa.BigInteger, nullable=False),
        sa.Column("heard_at", sa.BigInteger, index=True),
        sa.Column("accepted_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("sending", sa.Text),
    )
    op.create_index("faxes_state_due", "faxes", ["state", "due_at"])
    op.create_index("faxes_destination", "faxes", ["destination"])
    op.create_table(
        "dead_numbers",
        sa.Column("destination", sa.Text, primary_key=True),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
