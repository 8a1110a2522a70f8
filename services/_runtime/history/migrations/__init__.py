"""The versions of the history's tables: see `services._runtime.database.migrate`."""
