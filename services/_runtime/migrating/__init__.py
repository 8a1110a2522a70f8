"""What Alembic runs to migrate: see `services._runtime.database.migrate`."""
