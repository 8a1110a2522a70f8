"""The versions of the ATA gateway's tables: see `services._runtime.database.migrate`."""
