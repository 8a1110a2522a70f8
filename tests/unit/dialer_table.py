"""The table of docs/dialer.md, made of the dialer's own tables and the words that a person reads."""

from collections.abc import Iterable
from itertools import pairwise

from schemas.telephony import DialMode
from services._runtime.reasons import cure, reason
from services.dialer import codes
from services.dialer.codes import Class
from services.dialer.ladder import lower
from services.dialer.rules import Rules

RULES = Rules()


def table() -> str:
    rows = [*_rows("Q.850", codes.Q850_UNANSWERED), *_rows("Q.850, no fax code", codes.Q850_ANY_TIME)]
    rows += [*_rows("SIP", codes.SIP), ("SIP, any other from 400", codes.CONGESTION), *_rows("spandsp", codes.T30)]
    rows += [("spandsp, any other; OK with pages missing", codes.LINE)]
    rows += [(f"Asterisk `{word}`", cls) for word, cls in codes.ASTERISK.items()]
    head = ["| code | class | what the dialer does | what the user reads, if it stays so |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| {name} | {cls.name} | {does(cls)} | {reads(cls)} |" for name, cls in rows)])


def ladder() -> str:
    """The modes, from the first to the one that stays."""
    rows = ["| call | error correction | V.17 | at most | resolution |", "|---|---|---|---|---|"]
    mode, before = DialMode(), None
    while mode != before:
        correction, v17 = ("yes" if one else "no" for one in (mode.ecm, mode.v17))
        rows.append(f"| {len(rows) - 1} | {correction} | {v17} | {mode.max_bit_rate:,} bit/s | {mode.resolution} |")
        mode, before = lower(mode), mode
    return "\n".join(rows)


def does(cls: Class) -> str:
    often = f"at most {RULES.tries} answered calls" if cls.answered else f"at most {RULES.dials} calls"
    match cls.retry:
        case "never":
            return "ends"
        case "render":
            size = ", no longer than A4" if cls is codes.TOO_LARGE else ""
            return f"once more after {RULES.protocol:.0f} s, its pages made anew at standard resolution{size}"
        case "protocol":
            return f"again after {RULES.protocol:.0f} s, one mode lower; {often}"
        case "busy":
            return f"again after {RULES.busy:.0f} s; {often}"
        case "no-answer":
            return f"again after {RULES.no_answer:.0f} s; {often}"


def reads(cls: Class) -> str:
    return f"{reason(cls.failure)} {cure(cls.failure)}".strip()


def _rows(kind: str, classes: dict[int, Class]) -> list[tuple[str, Class]]:
    order: dict[Class, list[int]] = {}
    for code, cls in sorted(classes.items()):
        order.setdefault(cls, []).append(code)
    return [(f"{kind} {_ranges(found)}", cls) for cls, found in order.items()]


def _ranges(found: Iterable[int]) -> str:
    numbers = sorted(found)
    begins = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    return ", ".join(str(one) if one == last else f"{one} to {last}" for one, last in zip(begins, ends, strict=True))


if __name__ == "__main__":
    print(table(), ladder(), sep="\n\n")  # noqa: T201 - to paste into docs/dialer.md
