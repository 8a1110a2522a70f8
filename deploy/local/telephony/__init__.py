"""The local telephony simulator."""
