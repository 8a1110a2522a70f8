"""Tokens of the portal's HTTP API."""

import sqlalchemy as sa
from alembic import op

revision = "portal_0020"
down_revision = "portal_0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "portal_tokens",
        sa.Column("token_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False, unique=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
