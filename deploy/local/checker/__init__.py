"""A witness for the demo and the tests: did every fax that was handed over arrive, and once?

It reads what a customer would see, and nothing that our stages say of themselves: the mailbox, the documents behind
the links in the mails, and the objects in the store. No event, log or decision is read.
"""
