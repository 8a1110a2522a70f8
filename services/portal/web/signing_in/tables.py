"""The tables of signing in, beside the inventory's users. Moments are seconds since 1970 in UTC."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

METADATA: Final = MetaData()

OPERATORS: Final = Table(
    "operators",
    METADATA,
    Column("user_id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True, comment="in small letters"),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
)
"""Who runs the service. They are nobody's customer, so no user of the inventory."""

FIRST_PASSWORDS: Final = Table("first_passwords", METADATA, Column("user_id", Text, primary_key=True))
"""Whose password was made by somebody else, and must be changed before anything else."""

CHOSEN_LANGUAGES: Final = Table(
    "chosen_languages",
    METADATA,
    Column("user_id", Text, primary_key=True, comment="of a user of the inventory, or an operator"),
    Column("language", Text, nullable=False, comment="its tag (BCP 47)"),
)
"""In which language somebody wants the portal. Without a row, in their browser's."""

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("session_sha256", Text, primary_key=True, comment="of the cookie's value, which is stored nowhere"),
    Column("user_id", Text, nullable=False, index=True),
    Column("began_at", BigInteger, nullable=False, index=True),
    Column("seen_at", BigInteger, nullable=False),
)

PORTAL_TOKENS: Final = Table(
    "portal_tokens",
    METADATA,
    Column("token_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True, comment="as whom it acts"),
    Column("name", Text, nullable=False, comment="what it is for"),
    Column("sha256", Text, nullable=False, unique=True, comment="of the token, which is stored nowhere"),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, comment="NULL: when it is revoked"),
    Column("used_at", BigInteger, comment="to the minute"),
    Column("revoked_at", BigInteger),
)
"""Of the HTTP API under /api. A row stays when its token is revoked, so that none comes back."""

ATTEMPTS: Final = Table(
    "sign_in_attempts",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False, comment="SHA-256 of what failures are counted for: see throttle.py"),
    Column("at", BigInteger, nullable=False),
    Index("sign_in_attempts_subject", "subject", "at"),
)
