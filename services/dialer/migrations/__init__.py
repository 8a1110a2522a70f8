"""Versions of the dialer's database."""
