"""Sending a fax from the portal: a draft, a preview of its pages, and its submission through the HTTP API."""
