"""Comments and quoted strings in a field's value (RFC 5322, 3.2.2 and 3.2.4). Pure."""

from collections.abc import Iterator


def without_comments(value: str, *, quoted: bool) -> str:
    """`value` without comments, which nest; with or without its quoted strings.

    What is escaped in a quoted string becomes ``_``, so that a quote in the answer always opens or closes one. A
    comment or string that doesn't end makes the whole unreadable: the answer is empty.
    """
    kept: list[str] = []
    depth, inside = 0, False
    for one, escaped in _characters(value):
        if depth or (one == "(" and not inside):
            depth += 0 if escaped else {"(": 1, ")": -1}.get(one, 0)
        elif one == '"' and not escaped:
            inside = not inside
            kept.append('"' if quoted else "")
        elif quoted or not inside:
            kept.append("_" if escaped else one)
    return "" if depth or inside else "".join(kept)


def _characters(value: str) -> Iterator[tuple[str, bool]]:
    """Each character, and whether a backslash stands before it."""
    escaped = False
    for one in value:
        if one == "\\" and not escaped:
            escaped = True
        else:
            yield one, escaped
            escaped = False
