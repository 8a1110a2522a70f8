"""What the API refuses, beside the field of the portal's form that it is about. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from schemas.failures import FaxFailure
from services._runtime.reasons import cure, reason
from services._runtime.translating import N_, gettext
from services.portal.sending.api import Problem
from services.portal.sending.domain import BYTES, Draft
from services.portal.sending.refusals import Field, Refusal, Refused

_FIELDS: Final[Mapping[str, tuple[Field, str]]] = {
    "form.to": ("to", N_("This is no phone number. To another country, begin it with + and the country code.")),
    "form.subject": ("subject", N_("A subject has 200 characters at most.")),
    "form.cover_text": ("cover_text", N_("A cover page has 4,000 characters at most, without control characters.")),
}
"""Fields of the API: ours, and what is wrong with one that the API calls invalid."""

_CODES: Final[Mapping[str, Refusal]] = {
    "body-too-large": Refusal("files", N_("A fax has {megabytes} MB at most. Send it in parts.")),
    "nothing-to-fax": Refusal("files", N_("There is nothing to fax. Add a file.")),
    "method-not-enabled": Refusal(
        "account", N_("This fax number may not send from the portal. Ask whoever looks after your faxes to enable it.")
    ),
    "no-such-account": Refusal("account", N_("This fax number is not ready to send yet. Try again in a few seconds.")),
    "reply-to-not-allowed": Refusal(
        "account", N_("The settings of this fax number were changed a moment ago. Try again in a few seconds.")
    ),
    "key-reused": Refusal(
        "draft",
        N_(
            "This fax was taken already, before it was changed. Look at what was sent; to send it as it is now too, "
            "begin a new fax."
        ),
    ),
    "key-expired": Refusal("draft", N_("This draft is too old. Begin a new fax.")),
}

NOT_TAKEN: Final = Refused(
    (Refusal("draft", N_("The fax was not taken, and nobody said why. Try again in a minute.")),)
)
AWAY: Final = Refused(
    (Refusal("draft", N_("Faxes can't be taken at this moment. Your draft is kept. Try again in a minute.")),)
)
BUSY: Final = Refused(
    (
        Refusal(
            "draft", N_("Many faxes are being prepared at this moment. Your draft is kept. Try again in a few seconds.")
        ),
    )
)
UNCERTAIN: Final = Refused(
    (
        Refusal(
            "draft",
            N_(
                "That the fax was taken could not be confirmed. Nothing is lost: send it again. "
                "However often you do, it is one fax."
            ),
        ),
    )
)
"""After sending: it may have been taken."""

_FILE: Final = re.compile(r"form\.file\.([0-9]{1,2})")


def refused_of(problem: Problem, draft: Draft) -> Refused:
    """Why the API doesn't take a draft: by its failure or its code, else in its own words."""
    if problem.code in _CODES:
        field, words = _CODES[problem.code].field, gettext(_CODES[problem.code].words)
        return Refused((Refusal(field, words.format(megabytes=BYTES // 1_000_000)),))
    said = _of_failure(problem)
    named = tuple(one for where, what in problem.errors for one in _named(problem.code, where, said or what, draft))
    if named:
        return Refused(named)
    words = _of_failure(problem) or problem.detail
    return Refused((Refusal("files" if problem.failure else "draft", words),)) if words else NOT_TAKEN


def _of_failure(problem: Problem) -> str:
    """The words of the failure that the API names; empty if it names none that is known here."""
    failure = cast("FaxFailure", problem.failure)
    return " ".join(one for one in (reason(failure), cure(failure)) if one)


def _named(code: str, where: str, what: str, draft: Draft) -> Sequence[Refusal]:
    if found := _FILE.fullmatch(where):
        number = int(found.group(1))
        name = draft.files[number - 1].name if 0 < number <= len(draft.files) else ""
        return [Refusal("files", f"“{name}”: {what}")]
    if where in _FIELDS:
        field, words = _FIELDS[where]
        return [Refusal(field, words if code == "invalid-request" else what)]
    return []
