"""Sends faxes by asking telephony for calls: nothing is dialled twice, nothing is forgotten."""
