"""What a command can't do, in words for the person who asked."""


class Refused(Exception):  # noqa: N818 - it is an answer
    """The command was understood and not carried out; the message says why and what to do."""
