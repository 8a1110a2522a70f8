"""Mails by which faxes were forwarded."""

import sqlalchemy as sa
from alembic import op

revision = "portal_0040"
down_revision = "portal_0030"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "forwards",
        sa.Column("mail_id", sa.Text, primary_key=True),
        sa.Column("fax_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("forwards_of_domain", "forwards", ["domain", "at"])
