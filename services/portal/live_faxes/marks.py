"""How far a browser has heard, in words that only this process reads: the count itself is of everybody's faxes."""

from collections.abc import Iterable
from hashlib import blake2b
from secrets import token_bytes


class Marks:
    """Writes a number so that nobody else can tell it, or which of two is larger."""

    def __init__(self) -> None:
        self._key = token_bytes(16)

    def of(self, number: int) -> str:
        """A number's mark."""
        return blake2b(str(number).encode(), digest_size=8, key=self._key).hexdigest()

    def read(self, mark: str, among: Iterable[int]) -> int | None:
        """Which of those numbers has that mark; None if none has."""
        return next((number for number in among if self.of(number) == mark), None)
