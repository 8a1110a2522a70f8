"""Settings of the HTTP API, from `NATIVEFAX_API_…`."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.base import Name, Sha256

Scope = Literal["faxes:read", "faxes:send"]


class ServiceToken(BaseModel):
    """A token that serves every account: the portal's, the command line's. Only its hash is written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    sha256: Sha256
    scopes: tuple[Scope, ...] = Field(min_length=1, max_length=2)
    expires_at: AwareDatetime | None = None


class ApiSettings(BaseSettings):
    """Who may ask, how often, and how much at once."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_API_", env_ignore_empty=True, frozen=True, extra="ignore")

    service_tokens: tuple[ServiceToken, ...] = Field(default=(), description="JSON list: name, sha256, scopes")
    requests_per_second: float = Field(default=20.0, gt=0, description="with one token, in the long run")
    requests_burst: int = Field(default=60, ge=1, description="with one token, at once")
    documents_per_hour: int = Field(default=2000, ge=1, description="that one token reads from one process")
    documents_per_day: int = Field(default=20_000, ge=1, description="that one token reads from one process")
    failures_per_minute: float = Field(default=10.0, gt=0, description="wrong tokens from one address, in the long run")
    failures_burst: int = Field(default=20, ge=1, description="wrong tokens from one address, at once")
    uploads_per_token: int = Field(default=8, ge=1, description="submissions under way with one account's token")
    upload_bytes: int = Field(default=400_000_000, ge=60_000_000, description="of all submissions under way")
    preview_workers: int = Field(default=2, ge=1, le=64, description="guarded processes that make previews")
    upload_seconds: float = Field(default=300.0, gt=0, description="for one body to arrive")

    @field_validator("service_tokens")
    @classmethod
    def _each_once(cls, tokens: tuple[ServiceToken, ...]) -> tuple[ServiceToken, ...]:
        if len({one.sha256 for one in tokens}) != len(tokens) or len({one.name for one in tokens}) != len(tokens):
            raise ValueError("NATIVEFAX_API_SERVICE_TOKENS names a token twice")
        return tokens
