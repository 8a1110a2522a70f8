"""Finding a number by how it ends: people leave out the country, the area, or type with blanks."""

from sqlalchemy import Column, ColumnElement, and_

LONGEST = 15
"""Digits of an E.164 number."""


def reversed_digits(number: str | None) -> str | None:
    """The digits of `number`, the last one first; None if it has none."""
    digits = "".join(one for one in number or "" if "0" <= one <= "9")
    return digits[::-1] or None


def ends_with(column: Column[str], number: str) -> ColumnElement[bool] | None:
    """The condition that `column`, of reversed digits, ends in those of `number`; None if `number` has none."""
    wanted = reversed_digits(number)
    if wanted is None:
        return None
    return and_(column >= wanted, column < wanted + ":")  # ":" comes after "9"
