"""Work that takes longer than a page may: files to import, and numbers to move."""

import sqlalchemy as sa
from alembic import op

revision = "portal_0011"
down_revision = "portal_0010"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("lease", sa.Text),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('waiting', 'running', 'tried', 'done', 'failed')", name="job_state_known"),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index("jobs_to_do", "jobs", ["state", "asked_at"])
    op.create_index("jobs_of_domain", "jobs", ["domain", "asked_at"])
