"""What faxes that left came to, which faxes have no record yet, and how far a rebuilding is.

Of every fax from before a record is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "used",
        sa.Column("day", sa.Date, nullable=False, comment="of acceptance, in UTC"),
        sa.Column("reseller", sa.Text, nullable=False, comment="empty if it isn't known; so are domain and account_id"),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("faxes", sa.BigInteger, nullable=False),
        sa.Column("pages", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("day", "reseller", "domain", "account_id", "direction"),
    )
    op.create_index("used_account", "used", ["account_id", "day"])
    op.create_index("used_domain", "used", ["domain", "day"])
    op.create_index("used_reseller", "used", ["reseller", "day"])
    op.create_table(
        "unrecorded",
        sa.Column("fax_id", sa.Uuid, primary_key=True),
        sa.Column("accepted_at", MOMENT, nullable=False),
        sa.Column("times", sa.Integer, nullable=False, comment="how often it changed since it was last recorded"),
        sa.Column("taken_until", MOMENT, comment="until when a process is at it"),
    )
    op.execute("INSERT INTO unrecorded (fax_id, accepted_at, times) SELECT fax_id, accepted_at, 1 FROM faxes")
    op.create_table("read_days", sa.Column("day", sa.Date, primary_key=True), sa.Column("at", MOMENT, nullable=False))
