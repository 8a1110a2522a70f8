"""A number by how it ends: people leave out the country, the area, or type with blanks."""


def reversed_digits(number: str | None) -> str | None:
    """The digits of `number`, the last one first; None if it has none."""
    digits = "".join(one for one in number or "" if "0" <= one <= "9")
    return digits[::-1] or None
