"""The `nativefax` command."""
