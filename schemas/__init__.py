"""The contract: topics, events, envelope, failure reasons. It imports pydantic and nothing of ours.

Start at `topics.py`: its order is the pipeline's order.
"""
