"""The Manager Portal's web application: start at `routes.py`; who may see what is in `gate.py`."""
