"""What a call to a number meets. Pure."""

from typing import Final, Literal, get_args

from services._runtime.translating import N_

Treatment = Literal["available", "fax", "forward", "user", "queue", "conference", "auto-attendant", "voicemail"]
TREATMENTS: Final[tuple[Treatment, ...]] = get_args(Treatment)

WORDS: Final[dict[Treatment, str]] = {
    "available": N_("available"),
    "fax": N_("fax"),
    "forward": N_("forward"),
    "user": N_("user"),
    "queue": N_("queue"),
    "conference": N_("conference"),
    "auto-attendant": N_("auto-attendant"),
    "voicemail": N_("voicemail"),
}
"""For people. Files and the API name a treatment as it is."""
