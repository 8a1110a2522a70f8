"""How a job stands, in sentences: each is whole, because other languages put their words in another order."""

from collections.abc import Callable, Mapping
from typing import Final

from services._runtime.translating import N_, gettext, ngettext, number
from services.portal.inventory.jobs import Job, Kind

TITLES: Final[Mapping[Kind, str]] = {
    "import": N_("Import fax accounts"),
    "move": N_("Move numbers"),
    "reassign": N_("Change the primary user"),
}
NOT_YET: Final[Mapping[Kind, str]] = {
    "import": N_("Nothing is added yet."),
    "move": N_("Nothing is moved yet."),
    "reassign": N_("Nothing is changed yet."),
}
NOTHING: Final[Mapping[Kind, str]] = {
    "import": N_("Nothing was added."),
    "move": N_("Nothing was moved."),
    "reassign": N_("Nothing was changed."),
}

Counted = Callable[[int], str]
"""The form of a sentence that goes with a number."""

_GOOD: Final[Mapping[Kind, Counted]] = {
    "import": lambda rows: ngettext(
        "Of {rows} row, {good} can be added.", "Of {rows} rows, {good} can be added.", rows
    ),
    "move": lambda rows: ngettext(
        "Of {rows} number, {good} can be moved.", "Of {rows} numbers, {good} can be moved.", rows
    ),
    "reassign": lambda rows: ngettext(
        "Of {rows} number, {good} can be changed.", "Of {rows} numbers, {good} can be changed.", rows
    ),
}
"""By the number of rows, none of which is refused."""

_BOTH: Final[Mapping[Kind, Counted]] = {
    "import": lambda bad: ngettext(
        "Of {rows} rows, {good} can be added and {bad} is refused.",
        "Of {rows} rows, {good} can be added and {bad} are refused.",
        bad,
    ),
    "move": lambda bad: ngettext(
        "Of {rows} numbers, {good} can be moved and {bad} is refused.",
        "Of {rows} numbers, {good} can be moved and {bad} are refused.",
        bad,
    ),
    "reassign": lambda bad: ngettext(
        "Of {rows} numbers, {good} can be changed and {bad} is refused.",
        "Of {rows} numbers, {good} can be changed and {bad} are refused.",
        bad,
    ),
}
"""By the number of those that are refused; at least one row is good, so there are several."""

_NONE: Final[Mapping[Kind, Counted]] = {
    "import": lambda bad: ngettext("The only row is refused.", "All {bad} rows are refused.", bad),
    "move": lambda bad: ngettext("The only number is refused.", "All {bad} numbers are refused.", bad),
    "reassign": lambda bad: ngettext("The only number is refused.", "All {bad} numbers are refused.", bad),
}

_DONE: Final[Mapping[Kind, Counted]] = {
    "import": lambda good: ngettext("{good} fax account added.", "{good} fax accounts added.", good),
    "move": lambda good: ngettext("{good} number moved.", "{good} numbers moved.", good),
    "reassign": lambda good: ngettext("{good} number changed.", "{good} numbers changed.", good),
}
_DO: Final[Mapping[Kind, Counted]] = {
    "import": lambda good: ngettext("Add {good} fax account", "Add {good} fax accounts", good),
    "move": lambda good: ngettext("Move {good} number", "Move {good} numbers", good),
    "reassign": lambda good: ngettext("Change {good} number", "Change {good} numbers", good),
}


def tried_words(one: Job) -> str:
    """What could be done, of a job that was tried out."""
    rows, good, bad = _counts(one)
    if not rows:  # a file that can't be read: its only refusal says why
        return ""
    refused = _BOTH if good else _NONE
    words = refused[one.kind](bad) if bad else _GOOD[one.kind](rows)
    return words.format(rows=number(rows), good=number(good), bad=number(bad))


def done_words(one: Job) -> str:
    """What was done."""
    _, good, _ = _counts(one)
    return _DONE[one.kind](good).format(good=number(good))


def do_words(one: Job) -> str:
    """The button that does it."""
    _, good, _ = _counts(one)
    return _DO[one.kind](good).format(good=number(good))


def progress_words(one: Job) -> str:
    """How far it is, counted. A file's rows are each checked, and then each added."""
    if not one.steps:
        return gettext("It begins in a moment.")
    if one.kind != "import":
        return _reached(gettext("{done} of {all} numbers"), one.done, one.steps)
    if one.mode == "dry-run":
        return _reached(gettext("{done} of {all} rows checked"), one.done, one.steps)
    rows = one.steps // 2
    if one.done <= rows:
        return _reached(gettext("{done} of {all} rows checked"), one.done, rows)
    return _reached(gettext("{done} of {all} rows added"), one.done - rows, rows)


def _reached(words: str, done: int, every: int) -> str:
    return words.format(done=number(done), all=number(every))


def _counts(one: Job) -> tuple[int, int, int]:
    """Rows, good ones and refused ones."""
    return (one.result.rows, one.result.good, len(one.result.refused)) if one.result else (0, 0, 0)
