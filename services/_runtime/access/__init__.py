"""Least privilege: each process's rights on Kafka and in the object store, applied and checked (docs/adr/0015)."""
