"""The language that somebody chose."""

import sqlalchemy as sa
from alembic import op

revision = "portal_0030"
down_revision = "portal_0020"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "chosen_languages",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("language", sa.Text, nullable=False),
    )
