"""Domains, numbers, users and fax accounts: the portal's data and rules, below its pages."""

from services.portal.inventory.inventory import Inventory

__all__ = ["Inventory"]
