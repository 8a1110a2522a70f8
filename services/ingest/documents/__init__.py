"""Received documents: a fax as telephony uploaded it → a PDF, a picture, and what is missing of it."""
