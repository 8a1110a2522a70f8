"""What can be done with a fax now: each part of the portal offers its actions, and the fax page shows them.

A part adds its function to `OFFERS` in offers.py. It is asked for each fax that somebody opens, with what they see of
it, and answers only what they may do and what is possible in the fax's state; the route behind the address checks both
once more.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from services._runtime.history import FaxRow
from services.portal.faxes.access import Sees
from services.portal.web.gate import Visit


@dataclass(frozen=True)
class Action:
    """A button or a link on the page of a fax.

    Attributes:
        words: What it says, as in “Send again”.
        address: Where it leads.
        kind: A link is followed; a post is a form with this session's token.
        confirm: Asked before a form is sent, as in “Delete this fax for good?”; empty: not asked.
        danger: Whether it is marked as one that can't be undone.
    """

    words: str
    address: str
    kind: Literal["link", "post"] = "link"
    confirm: str = ""
    danger: bool = False


Offer = Callable[[Visit, FaxRow, Sees], Awaitable[Sequence[Action]]]
