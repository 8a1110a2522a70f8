"""The local stack: everything the stages need, on one machine."""
