"""Accounts that keep their faxes for less than 365 days: what is older is named to retention, which deletes it.

The portal knows both: every account's setting, also of those that were removed, and every fax by account and date.
"""
