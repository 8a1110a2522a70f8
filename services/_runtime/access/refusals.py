"""What the object store refused this process lately, because a right is missing: one fact of the whole process.

Whatever was refused counts as a dependency that is away, so nothing is lost; here it is told apart from one that
doesn't answer.
"""

import logging
from time import monotonic
from typing import Final

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

LATELY_SECONDS: Final = 60.0

CURE: Final = "give this process the keys of its own identity, with the policy that `nativefax store policy` prints"

_refused: Final[dict[str, float]] = {}
log = logging.getLogger(__name__)


def is_refusal(error: BaseException) -> bool:
    """Whether the store answered an obstore request, and said no. Of listings and deletions only the text says so."""
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return True
    return isinstance(error, BaseError) and any(word in str(error) for word in ("AccessDenied", "403 Forbidden"))


def note(doing: str, key: str) -> None:
    """The store refused to let us do something (a verb) to an object; only the first part of its key is told."""
    told = f"the object store refuses to {doing} {key.partition('/')[0]}/…: {CURE}"
    if told not in lately():
        log.error(told, extra={"key": key})
    _refused[told] = monotonic()


def lately() -> list[str]:
    """What was refused in the last minute, with what to do."""
    since = monotonic() - LATELY_SECONDS
    return [told for told, at in _refused.items() if at > since]
