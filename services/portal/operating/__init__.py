"""What an operator sees of the pipeline, and does about it; nothing of any fax's content."""
