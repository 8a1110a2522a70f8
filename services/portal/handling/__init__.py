"""What people do with faxes that are there: release what was set aside, delete, hold."""
