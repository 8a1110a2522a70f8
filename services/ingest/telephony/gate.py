"""Which switch asks: its token decides, whatever the request says."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services._runtime.rates import Buckets
from services._runtime.tokens import digest
from services.ingest.telephony.problems import Refused

CHALLENGE = 'Bearer realm="telephony"'


@dataclass(frozen=True)
class Gate:
    """Lets switches in. An address that many wrong tokens came from is told to wait; a good token always comes in.

    Attributes:
        switches: Switch id → the hashes of its tokens.
        failures: Wrong tokens by the address they came from.
    """

    switches: Mapping[str, Sequence[str]]
    failures: Buckets

    def admit(self, authorization: Sequence[str], peer: str) -> str:
        """The switch whose token the Authorization headers carry (RFC 6750).

        Raises:
            Refused: There is no such token, or too many wrong ones came from `peer`.
        """
        if len(authorization) != 1 or not authorization[0].lower().startswith("bearer "):
            raise Refused("token-missing", headers={"WWW-Authenticate": CHALLENGE})
        if (switch := self._switch(digest(authorization[0][len("bearer ") :].strip()))) is not None:
            return switch
        if seconds := self.failures.take(peer):
            raise Refused("too-many-failures", headers={"Retry-After": str(seconds)})
        raise Refused("token-unknown", headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})

    def _switch(self, sha256: str) -> str | None:
        """Compares with every hash in constant time, so that the time tells nothing."""
        found = None
        for switch, hashes in self.switches.items():
            for one in hashes:
                if hmac.compare_digest(one, sha256):
                    found = switch
        return found
