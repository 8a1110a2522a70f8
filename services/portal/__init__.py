"""The portal: for now the pages behind the links in mails (start at `pages.py`)."""
