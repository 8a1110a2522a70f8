"""The first tables: faxes, steps, gone, built."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DIGITS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "faxes",
        sa.Column("fax_id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Text),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fax_number", sa.Text),
        sa.Column("other_party", sa.Text),
        sa.Column("pages", sa.Integer),
        sa.Column("pages_announced", sa.Integer),
        sa.Column("partial", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("rule", sa.Text),
        sa.Column(
            "other_digits", DIGITS, comment="the digits of other_party, last first: who ends in 0123 begins 3210"
        ),
    )
    op.create_index("faxes_newest", "faxes", ["account_id", "accepted_at", "fax_id"])
    op.create_index("faxes_direction", "faxes", ["account_id", "direction", "accepted_at", "fax_id"])
    op.create_index("faxes_state", "faxes", ["account_id", "state", "direction", "accepted_at", "fax_id"])
    op.create_index("faxes_other_party", "faxes", ["account_id", "other_digits"])
    op.create_table(
        "steps",
        sa.Column("fax_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False, comment="of a mail; else empty"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.Text, nullable=False, comment="FaxStatusChanged as JSON"),
        sa.PrimaryKeyConstraint("fax_id", "version", "stage", "state", "recipient"),
    )
    op.create_table(
        "gone",
        sa.Column("fax_id", sa.Uuid, primary_key=True),
        sa.Column("until", MOMENT, nullable=False),
    )
    op.create_index("ix_gone_until", "gone", ["until"])
    op.create_table("built", sa.Column("at", MOMENT, primary_key=True))
