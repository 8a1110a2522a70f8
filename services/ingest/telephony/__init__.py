"""Telephony over HTTP: for switches that don't speak Kafka (start at `routes.py`)."""
