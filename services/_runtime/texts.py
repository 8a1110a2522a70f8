"""Text as strangers write it: what no database can keep, and what reads otherwise than it is written. Pure."""

from collections.abc import Mapping
from typing import Any, Final

_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's embeddings, overrides and isolates: they show ``exe.pdf`` for ``fdp.exe`` (UAX 9, 2; CVE-2021-42574). The
marks U+200E and U+200F, which people need, only say which way one place goes."""


def is_storable(text: str) -> bool:
    """Whether every database takes it: PostgreSQL's text has no NUL, and UTF-8 no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def all_storable(given: Any) -> bool:
    """Whether every text in what JSON or a form gave is, names of fields included, however deep it is."""
    left = [given]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if not is_storable(one):
                return False
        elif isinstance(one, Mapping):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple):
            left += one
    return True


def turns(text: str) -> bool:
    """Whether a part of it is shown in another direction than its letters have."""
    return not _TURNING.isdisjoint(text)


def straight(text: str) -> str:
    """As it is written, on one line."""
    return " ".join("".join(one for one in text if one not in _TURNING).split())
