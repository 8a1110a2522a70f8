"""Work on what strangers made, in processes that have little memory, no secrets, no network and little time."""

from services._runtime.confined.pool import ConfinedPool, JobFailed

__all__ = ["ConfinedPool", "JobFailed"]
