"""Settings of telephony over HTTP, from `NATIVEFAX_TELEPHONY_…`."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.base import Name, Sha256


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Hashes = Annotated[tuple[Sha256, ...], BeforeValidator(_several), Field(min_length=1, max_length=10)]
"""One token, or several while a switch changes from one to the next."""


class TelephonySettings(BaseSettings):
    """Which switches may come in, where their files may be fetched from, and how much at once."""

    model_config = SettingsConfigDict(
        env_prefix="NATIVEFAX_TELEPHONY_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    switches: dict[Name, Hashes] = Field(default={}, description="JSON: switch id → SHA-256 of its token, or a list")
    url_hosts: tuple[str, ...] = Field(
        default=(), description="JSON list: host, host:port, or .domain for all hosts below; empty: nothing is fetched"
    )
    http_hosts: tuple[str, ...] = Field(default=(), description="those of them that may be asked without TLS")
    url_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="JSON list of private networks that files may be fetched from"
    )
    url_ca_file: Path | None = Field(default=None, description="PEM; certificates that it signed are good as well")
    fetch_seconds: float = Field(default=60.0, gt=0, description="for fetching one file")
    upload_seconds: float = Field(default=120.0, gt=0, description="for one body to arrive")
    at_once: int = Field(default=8, ge=1, le=64, description="faxes taken at once; one may have 50 MB")
    failures_per_minute: float = Field(default=10.0, gt=0, description="wrong tokens from one address, in the long run")
    failures_burst: int = Field(default=20, ge=1, description="wrong tokens from one address, at once")

    @model_validator(mode="after")
    def _tokens_differ(self) -> Self:
        hashes = [one for many in self.switches.values() for one in many]
        if len(set(hashes)) != len(hashes):
            raise ValueError("two switches of NATIVEFAX_TELEPHONY_SWITCHES have one token")
        return self
