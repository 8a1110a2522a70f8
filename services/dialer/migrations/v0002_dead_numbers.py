"""Who knows that a number is none, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Begin anew: what is known of numbers is a day old at most."""
    op.drop_table("dead_numbers")
    op.create_table(
        "dead_numbers",
        sa.Column("destination", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("said_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
