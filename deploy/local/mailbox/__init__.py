"""The local mailbox: an SMTP server into a Maildir, and a page to read it. Nothing leaves the machine."""

from deploy.local.mailbox.faults import Faults, write_faults
from deploy.local.mailbox.maildir import read_maildir

__all__ = ["Faults", "read_maildir", "write_faults"]
