"""How many octets of mails may be in this process at once: what arrives beyond is told to come again."""

from dataclasses import dataclass, field
from typing import Self


@dataclass
class Memory:
    """The octets that all mails may take, and those that are taken."""

    octets: int
    taken: int = 0


@dataclass
class Arriving:
    """One mail that arrives; a context, after which its memory is free again.

    Attributes:
        memory: Shared by all connections.
        longest: Octets of the largest mail.
        size: Octets that came, also those that weren't kept.
        crowded: There was no memory for all of it.
    """

    memory: Memory
    longest: int
    size: int = 0
    crowded: bool = False
    _kept: list[bytes] = field(default_factory=list)
    _taken: int = 0

    @property
    def too_large(self) -> bool:
        """Whether it is larger than a mail may be."""
        return self.size > self.longest

    def take(self, piece: bytes) -> None:
        """Keep a piece, if there is room for it, and for all before it."""
        self.size += len(piece)
        self.crowded = self.crowded or self.memory.taken + len(piece) > self.memory.octets
        if self.too_large or self.crowded:
            self._free()
        else:
            self._kept.append(piece)
            self._taken += len(piece)
            self.memory.taken += len(piece)

    def content(self) -> bytes:
        """All of it, in one; the pieces are forgotten, their memory counts until the end."""
        whole = b"".join(self._kept)
        self._kept.clear()
        return whole

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._free()

    def _free(self) -> None:
        self._kept.clear()
        self.memory.taken -= self._taken
        self._taken = 0
