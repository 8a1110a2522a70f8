"""The ATA gateway: fax machines submit faxes, and take those that wait for them, over HTTP (docs/ata-gateway.md)."""
