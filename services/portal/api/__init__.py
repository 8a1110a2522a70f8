"""The portal's HTTP API for machines: what a reseller or manager may do on the pages, with a token."""
