"""What a call to a number meets. Pure."""

from typing import Final, Literal, get_args

Treatment = Literal["available", "fax", "forward", "user", "queue", "conference", "auto-attendant", "voicemail"]
TREATMENTS: Final[tuple[Treatment, ...]] = get_args(Treatment)
