"""The objects of each fax, found by listing the store."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

import boto3
from botocore.config import Config

from schemas.keys import DIALLED, DIALLED_STANDARD, accepted_key, fax_prefix
from services._runtime.settings import StoreSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef


@dataclass(frozen=True)
class StoredFax:
    """What lies below one fax's prefix.

    Attributes:
        fax_id: From the key.
        names: The objects' names without the prefix.
        original_sha256: Of the first copy of what telephony handed over.
        document: Reads the PDF.
    """

    fax_id: UUID
    names: frozenset[str]
    original_sha256: str
    document: Callable[[], bytes]

    @property
    def complete(self) -> bool:
        """Whether original, document and thumbnail are there."""
        return {"original.tif", "document.pdf", "thumbnail.png"} <= self.names


class Bucket:
    """Our bucket, by boto3: another client than the stages use."""

    def __init__(self, settings: StoreSettings) -> None:
        self._name = settings.bucket
        self._client: S3Client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            region_name=settings.region,
            aws_access_key_id=settings.access_key.get_secret_value(),
            aws_secret_access_key=settings.secret_key.get_secret_value(),
            config=Config(s3={"addressing_style": "virtual" if settings.virtual_hosted else "path"}),
        )

    def faxes_since(self, started_at: datetime) -> list[StoredFax]:
        """Every fax of the days from `started_at` to now whose original was written after it."""
        found: dict[str, dict[str, datetime]] = {}
        for entry in self._objects(started_at):
            prefix, _, name = entry["Key"].rpartition("/")
            found.setdefault(prefix, {})[name] = entry["LastModified"]
        since = started_at.replace(microsecond=0)  # the store keeps whole seconds
        fresh = {prefix: names for prefix, names in found.items() if names.get("original.tif", since) >= since}
        return [self._fax(prefix, frozenset(names)) for prefix, names in fresh.items() if "original.tif" in names]

    def dialled(self, fax_id: UUID) -> bytes | None:
        """The pages of a sent fax as they are dialled, those that were made anew first; None if there are none."""
        accepted = self._found(accepted_key(fax_id))
        if accepted is None:
            return None
        prefix = fax_prefix(datetime.fromisoformat(json.loads(accepted)["accepted_at"]), fax_id)
        return self._found(prefix + DIALLED_STANDARD) or self._found(prefix + DIALLED)

    def _found(self, key: str) -> bytes | None:
        try:
            return self._read(key)
        except self._client.exceptions.NoSuchKey:
            return None

    def _objects(self, started_at: datetime) -> Iterator["ObjectTypeDef"]:
        day = started_at.astimezone(UTC).date()
        while day <= datetime.now(UTC).date():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._name, Prefix=f"fax/{day:%Y/%m/%d}/"
            )
            for page in pages:
                yield from page.get("Contents", [])
            day += timedelta(days=1)

    def _fax(self, prefix: str, names: frozenset[str]) -> StoredFax:
        digest = sha256(self._read(f"{prefix}/original.tif")).hexdigest()
        return StoredFax(UUID(prefix.rpartition("/")[2]), names, digest, lambda: self._read(f"{prefix}/document.pdf"))

    def _read(self, key: str) -> bytes:
        return self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
