"""Faxes by mail: an SMTP server for mail relays that know who their senders are (start at `gateway.py`).

The relay proves who it is; what it says of a mail's sender is believed as far as its settings say (`relays.py`,
`sender.py`). A mail is read into the files to fax (`reading.py`, `choosing.py`) and becomes one fax for each number it
is addressed to (`addresses.py`, `domain.py`). Every answer that refuses is in `refusals.py`, and in
docs/refusals/email.md.
"""
