"""When an account is live: every table that decides about faxes has read its newest record."""

from services.portal.inventory.views import Account, LiveState


class LiveStates:
    """Follows fax-accounts and the positions of the tables on fax-status, in memory."""

    async def start(self) -> None:
        """Begin to follow."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End."""
        raise NotImplementedError

    def state(self, account: Account) -> LiveState:
        """Whether the account works everywhere as it is now."""
        raise NotImplementedError
