"""Deletes what is older than 365 days, provably and nothing else; holds keep what must stay."""
