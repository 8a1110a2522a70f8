"""The pages of a domain beside its fax accounts: users, usage, audit, brand."""
