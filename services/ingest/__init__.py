"""The ways in: gateways that accept faxes, and the worker that makes their documents."""
