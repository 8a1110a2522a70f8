"""Pages that tell how a sent fax ended."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Which fax a page tells of."""
    op.add_column("faxes", sa.Column("sent_fax_id", sa.Uuid))
