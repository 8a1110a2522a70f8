"""The local stack's passwords and keys, made at random once and kept in a file that only this user can read.

Those of the stages follow from one of them, so that a new stage has its own without anybody making it.
"""

import base64
import hmac
import json
import secrets
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.local.programs import write_private
from schemas.rights import PROCESSES
from services._runtime.tokens import mint

USER_PREFIX = "nativefax-"
ACCESS_KEY_DIGITS = 20  # as many as Amazon's have


def _hex() -> str:
    return secrets.token_hex(32)


def _uuid() -> str:
    """A random UUID as Kafka writes it: like its own, without the leading hyphen that its tools take for an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()).startswith("-"):
        pass
    return text


@dataclass(frozen=True)
class Login:
    """A name, and what proves it: of a user of Kafka, or of an identity at the object store."""

    username: str
    password: str


@dataclass(frozen=True)
class Credentials:
    """One secret per purpose; hexadecimal, but the cluster's id is a base64 UUID and the token has its form."""

    stages_secret: str = field(default_factory=_hex)
    kafka_password: str = field(default_factory=_hex)
    kafka_cluster_id: str = field(default_factory=_uuid)
    store_access_key: str = field(default_factory=lambda: secrets.token_hex(10))
    store_secret_key: str = field(default_factory=_hex)
    store_sse_key: str = field(default_factory=_hex)
    smtp_password: str = field(default_factory=_hex)
    links_secret: str = field(default_factory=_hex)
    api_token: str = field(default_factory=lambda: mint("cli").text)
    switch_token: str = field(default_factory=_hex)
    relay_password: str = field(default_factory=_hex)
    portal_token: str = field(default_factory=lambda: mint("cli", "nfp").text)
    demo_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    portal_api_token: str = field(default_factory=lambda: mint("portal").text)
    portal_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def kafka_users(self) -> dict[str, Login]:
        """The user of each process."""
        return {name: Login(f"{USER_PREFIX}{name}", self._of(name, "kafka")) for name in PROCESSES}

    def store_identities(self) -> dict[str, Login]:
        """The access key and secret key of each process."""
        return {
            name: Login(self._of(name, "store-key")[:ACCESS_KEY_DIGITS], self._of(name, "store")) for name in PROCESSES
        }

    def _of(self, process: str, purpose: str) -> str:
        """A secret of one process for one purpose: 64 hexadecimal digits, from which no other can be guessed."""
        return hmac.new(self.stages_secret.encode(), f"{purpose}/{process}".encode(), "sha256").hexdigest()


def load_credentials(file: Path) -> Credentials:
    """Read `file`, making what it lacks."""
    known = json.loads(file.read_text()) if file.exists() else {}
    credentials = Credentials(**known)
    if asdict(credentials) != known:
        write_private(file, json.dumps(asdict(credentials), indent=2))
    return credentials
