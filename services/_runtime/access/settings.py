"""Settings of whoever sets a cluster up, from `NATIVEFAX_KAFKA_…`; no stage reads them."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.rights import PROCESSES


def _known(passwords: dict[str, SecretStr]) -> dict[str, SecretStr]:
    unknown = passwords.keys() - set(PROCESSES)
    if unknown:
        raise ValueError(f"there is no process {', '.join(sorted(unknown))}; there are {', '.join(PROCESSES)}")
    return passwords


class AccessSettings(BaseSettings):
    """Which users there are, and who makes them and their rights."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_KAFKA_", frozen=True, extra="ignore")

    user_prefix: str = Field(
        default="nativefax-", min_length=1, description="a stage's user is called this and its name"
    )
    user_passwords: Annotated[dict[str, SecretStr], AfterValidator(_known)] = Field(
        default={}, description="stage → password (JSON): those users are made, or given this password"
    )
    acls: bool = Field(default=True, description="false: another tool makes the access control lists")

    def user_of(self, process: str) -> str:
        """What Kafka calls a process's user."""
        return f"{self.user_prefix}{process}"
