"""The one door of the pages to the portal's data (docs/portal.md).

Every method is asked by an `Actor` and raises, beside what it says:
`NotAllowed`: the actor's role may not do that at all (403).
`NotThere`: there is no such thing, or it is somebody else's (404).
`DependencyAway`: the database doesn't answer (503); whether a change counted is then unknown.
Whatever a person can mend is answered as `Refused`: its refusals belong beside their fields.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services._runtime.claims import utc_now
from services._runtime.outbox import Outbox
from services.portal.inventory.account_secrets import Secrets
from services.portal.inventory.accounts import Accounts
from services.portal.inventory.audit import Audit
from services.portal.inventory.brands import Brands
from services.portal.inventory.device_types import DeviceTypes
from services.portal.inventory.files import Files
from services.portal.inventory.holds import Holds
from services.portal.inventory.jobs import Jobs
from services.portal.inventory.kinds import kinds
from services.portal.inventory.moves import Moves
from services.portal.inventory.numbers import NumberPlans
from services.portal.inventory.people import Users
from services.portal.inventory.reading import Reading
from services.portal.inventory.removed import Removed
from services.portal.inventory.store import Store
from services.portal.inventory.working import Worker


class Inventory:
    """Domains, numbers, users, fax accounts, devices, brands, holds and the audit log.

    Attributes:
        lists: Everything that is shown.
        audit: Who did what, when.
        removed: Accounts that were removed, and what became of their numbers.
        accounts: Add, change and remove fax accounts.
        secrets: Enrolment codes and API tokens of an account.
        numbers: Domains, their maximum, and phone numbers.
        users: Add, change and remove users.
        brands: The reseller's brand.
        device_types: What an ATA may be.
        holds: Set and lift holds.
        files: Mass import and export, as CSV.
        moves: Many numbers at once, into another domain or to another primary user.
        jobs: What takes longer than a page may; `worker` does it.
    """

    def __init__(self, engine: AsyncEngine, outbox: Outbox, now: Callable[[], datetime] = utc_now) -> None:
        self._store = Store(engine, outbox, now)
        self.lists = Reading(self._store)
        self.audit = Audit(self._store)
        self.removed = Removed(self._store)
        self.accounts = Accounts(self._store)
        self.secrets = Secrets(self.accounts)
        self.numbers = NumberPlans(self._store)
        self.users = Users(self._store)
        self.brands = Brands(self._store)
        self.device_types = DeviceTypes(self._store)
        self.holds = Holds(self._store)
        self.files = Files(self._store)
        self.moves = Moves(self._store)
        self.jobs = Jobs(self._store)

    def worker(self) -> Worker:
        """What does the jobs, for as long as it runs."""
        return Worker(self.jobs, kinds(self.files, self.moves))

    def now(self) -> datetime:
        """The moment by which everything here goes."""
        return self._store.now()
