"""Device types are a reseller's own, less those that come with the portal; the audit log is found by who did it."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "portal_0050"
down_revision = "portal_0040"

SHIPPED: Final = (
    "Cisco ATA 191",
    "Cisco ATA 192",
    "Grandstream HT801",
    "Grandstream HT802",
    "Grandstream HT812",
    "Poly OBi300",
    "Poly OBi302",
)
"""They are in device_types.py from now on."""


def upgrade() -> None:
    """Whoever has added a type has it still; one that nobody is known to have added is each reseller's."""
    op.create_index("audit_of_user", "audit", ["user_id", "at"])
    op.rename_table("device_types", "device_types_of_all")
    op.create_table(
        "device_types",
        sa.Column("reseller", sa.Text, nullable=False),
        sa.Column("device_type", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("reseller", "device_type", name="device_types_by_reseller"),
    )
    shipped = sa.table("device_types_of_all", sa.column("device_type"))
    op.execute(shipped.delete().where(shipped.c.device_type.in_(SHIPPED)))
    op.execute(
        "INSERT INTO device_types SELECT DISTINCT reseller, device_type FROM device_types_of_all "
        "JOIN audit ON what = 'device-type.added' AND subject = device_type"
    )
    op.execute(
        "INSERT INTO device_types SELECT reseller, device_type FROM resellers CROSS JOIN device_types_of_all "
        "WHERE device_type NOT IN (SELECT device_type FROM device_types)"
    )
    op.drop_table("device_types_of_all")
