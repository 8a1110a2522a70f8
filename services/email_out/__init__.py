"""One mail to one recipient for each `EmailRequested` (start at `handlers.py`)."""
