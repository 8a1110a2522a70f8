"""The pages of fax accounts and their numbers: the tab, one account, from a file, many at once."""
