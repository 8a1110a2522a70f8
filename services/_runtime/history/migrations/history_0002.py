"""Reseller, domain and seconds of a fax; faxes are listed by domain and by reseller too.

Faxes from before have none of the three until something tells of them again: `nativefax history rebuild`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and their indexes."""
    op.add_column("faxes", sa.Column("reseller", sa.Text))
    op.add_column("faxes", sa.Column("domain", sa.Text))
    op.add_column("faxes", sa.Column("seconds", sa.Float))
    for column in ("domain", "reseller"):
        op.create_index(f"faxes_{column}_newest", "faxes", [column, "accepted_at", "fax_id"])
        op.create_index(f"faxes_{column}_direction", "faxes", [column, "direction", "accepted_at", "fax_id"])
        op.create_index(f"faxes_{column}_state", "faxes", [column, "state", "direction", "accepted_at", "fax_id"])
        op.create_index(f"faxes_{column}_other_party", "faxes", [column, "other_digits"])
