"""Versions of the portal's database."""
