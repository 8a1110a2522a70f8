"""Settings that stages share, read once from `NATIVEFAX_…`. Secrets print as stars."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _below(prefix: str) -> SettingsConfigDict:
    return SettingsConfigDict(env_prefix=f"NATIVEFAX_{prefix}", frozen=True, extra="ignore")


class KafkaSettings(BaseSettings):
    """How to reach Kafka."""

    model_config = _below("KAFKA_")

    bootstrap: str = Field(description="host:port, comma-separated")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "SASL_SSL"
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    replication: int = Field(default=1, ge=1, description="copies of each partition when topics are applied")


class StoreSettings(BaseSettings):
    """How to reach the object store (any S3)."""

    model_config = _below("STORE_")

    endpoint: str
    region: str = "us-east-1"
    bucket: str = "nativefax"
    access_key: SecretStr
    secret_key: SecretStr
    virtual_hosted: bool = Field(default=False, description="bucket as part of the host name")


class LinkSettings(BaseSettings):
    """Links in mails to the portal's page of a fax."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_", frozen=True, extra="ignore")

    links_secret: SecretStr = Field(min_length=32, description="signs the links; the same on every host")
    links_days: int = Field(default=7, ge=1, le=365, description="days a link works")
    portal_url: str | None = Field(default=None, description="overrides https://<the brand's portal host>")


class StageSettings(BaseSettings):
    """How a stage's process runs."""

    model_config = _below("STAGE_")

    host: str = Field(default="127.0.0.1", description="where pages, /live, /ready and /metrics are served")
    port: int = Field(default=0, ge=0, le=65535, description="0: a free one")
    health_port: int | None = Field(
        default=None, ge=1, le=65535, description="serves /live, /ready and /metrics, and `port` then only the pages"
    )
    run_dir: Path | None = Field(default=None, description="each ready process leaves a file with its address here")
    confirm_seconds: float = Field(default=30.0, gt=0, description="deadline of a publish's confirmation")
    max_poll_seconds: float = Field(default=600.0, ge=10, description="Kafka's max.poll.interval")
    session_seconds: float = Field(default=10.0, ge=6, description="Kafka's session.timeout")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class LanguageSettings(BaseSettings):
    """Which languages there are beside English."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_", env_ignore_empty=True, frozen=True, extra="ignore")

    languages: Path | None = Field(default=None, description="a folder of catalogues like de.po; without: English only")
