"""The HTTP API: faxes submitted, read and cancelled by programs."""
