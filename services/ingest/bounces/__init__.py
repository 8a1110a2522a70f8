"""Mails that came back: an SMTP server that takes delivery reports and nothing else (start at `gateway.py`).

What it needs outside: an MX record of the bounce domain that leads here, and an SPF record of it that names the relay.
Reverse names (PTR) matter for the relay that sends, not here, where nothing is ever sent.
"""
