"""Where a form leads back to."""

import re
from typing import Final

_ADDRESS: Final = re.compile(r"/(?![/\\])[\w/.@%+~-]*")
"""A page of ours. `//host` and `/\\host` are somebody else's."""


def ours(wanted: str) -> str:
    """The address of a page of ours as somebody wants it; empty if it is none."""
    return wanted if _ADDRESS.fullmatch(wanted) else ""
