"""Decides, once, what happens to each fax, and says why."""
