"""The object store by boto3: versions, bulk deletes, server-side copies, unfinished uploads (docs/adr/0004)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from services._runtime.settings import StoreSettings
from services.retention.calls import GONE, Calls, until_empty
from services.retention.files import LIMIT, File, Marker, Page, Upload, batches

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


REMEMBERED_SECONDS = 60.0
REQUEST_SECONDS = 30.0


class Bucket:
    """Our bucket. A request that fails is repeated a few times; then the store is away (`DependencyAway`)."""

    def __init__(self, settings: StoreSettings, *, at_once: int = 8, seconds: float = REQUEST_SECONDS) -> None:
        self._name = settings.bucket
        self._call = Calls(at_once, seconds)
        self._versioned = False
        self._ask_again = 0.0
        self._client: S3Client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            region_name=settings.region,
            aws_access_key_id=settings.access_key.get_secret_value(),
            aws_secret_access_key=settings.secret_key.get_secret_value(),
            config=Config(
                connect_timeout=min(5.0, seconds),
                read_timeout=seconds,
                retries={"total_max_attempts": 1},
                max_pool_connections=at_once,
                s3={"addressing_style": "virtual" if settings.virtual_hosted else "path"},
            ),
        )

    async def close(self) -> None:
        """Let go; what is being asked for may still happen."""
        self._call.close()
        self._client.close()

    async def clock(self) -> datetime:
        """The store's own time, to the second."""
        answer = await self._call(self._client.head_bucket, Bucket=self._name)
        told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        return parsedate_to_datetime(told) if told else datetime.now(UTC)

    async def versioned(self) -> bool:
        """Whether older versions may lie behind an object, as of a minute ago: once versioned, a bucket stays it."""
        if not self._versioned and time.monotonic() >= self._ask_again:
            answer = await self._call(self._client.get_bucket_versioning, Bucket=self._name)
            self._versioned, self._ask_again = bool(answer.get("Status")), time.monotonic() + REMEMBERED_SECONDS
        return self._versioned

    async def page(self, prefix: str, start: Marker, *, versions: bool, most: int = LIMIT) -> Page:
        """At most `most` objects below `prefix` after `start`: every version and delete marker, or what readers get."""
        asked: dict[str, Any] = {"Bucket": self._name, "Prefix": prefix, "MaxKeys": min(most, LIMIT)}
        if not versions:
            answer = await self._call(self._client.list_objects_v2, **asked, StartAfter=start.key)
            files = [File.of(one) for one in answer.get("Contents", [])]
            return Page(files, Marker(files[-1].key) if answer["IsTruncated"] else None)
        at = {"KeyMarker": start.key} | ({"VersionIdMarker": start.version} if start.version else {})
        answer = await self._call(self._client.list_object_versions, **asked, **at)
        files = [File.of(one) for one in answer.get("Versions", [])]
        files += [File.of(one, marker=True) for one in answer.get("DeleteMarkers", [])]
        files.sort(key=lambda file: file.key)
        if not answer["IsTruncated"]:
            return Page(files)
        return Page(files, Marker(answer["NextKeyMarker"], answer.get("NextVersionIdMarker") or ""))

    async def objects(self, prefix: str, *, versions: bool) -> AsyncIterator[list[File]]:
        """All of them, page by page."""
        page = await self.page(prefix, Marker(prefix), versions=versions)
        while True:
            yield page.files
            if page.more is None:
                return
            page = await self.page(prefix, page.more, versions=versions)

    async def all_of(self, keys: Sequence[str]) -> list[File]:
        """Every version of each of `keys`."""
        pages = await asyncio.gather(*(self.page(key, Marker(""), versions=True) for key in keys))
        return [file for key, page in zip(keys, pages, strict=True) for file in page.files if file.key == key]

    async def find(self, key: str) -> File | None:
        """The object at `key`, as a reader gets it."""
        try:
            answer = await self._call(self._client.head_object, Bucket=self._name, Key=key)
        except FileNotFoundError:
            return None
        return File(key, answer["ContentLength"], answer["ETag"].strip('"'))

    async def folders(self, prefix: str, after: str = "", limit: int = 1_000_000) -> list[str]:
        """The prefixes one ``/`` further down, sorted, at most `limit` after `after`; older versions count."""
        found: list[str] = []
        start = f"{after}~" if after else prefix
        while True:
            answer = await self._call(
                self._client.list_object_versions, Bucket=self._name, Prefix=prefix, Delimiter="/", KeyMarker=start
            )
            found += [one["Prefix"] for one in answer.get("CommonPrefixes", []) if one["Prefix"] > after]
            if not answer["IsTruncated"] or len(found) >= limit:
                return found[:limit]
            start = answer["NextKeyMarker"] + "~"

    async def delete(self, files: Sequence[File], still_good: Callable[[], None] = lambda: None) -> list[File]:
        """Delete by 1,000, what fails a few times; the answer is what the store won't delete.

        `still_good` is called just before each request, in a thread, and raises where it must not be made any more.
        """
        once = partial(self._delete, still_good)
        return [file for batch in batches(files) for file in await until_empty(once, list(batch))]

    async def _delete(self, still_good: Callable[[], None], batch: Sequence[File]) -> list[File]:
        def request(**asked: Any) -> Any:
            still_good()
            return self._client.delete_objects(**asked)

        wanted = {"Objects": [file.reference for file in batch], "Quiet": True}
        answer = await self._call(request, Bucket=self._name, Delete=wanted)
        refused = {
            (one.get("Key"), one.get("VersionId") or None)
            for one in answer.get("Errors", [])
            if one.get("Code") not in GONE
        }
        keys = {key for key, version in refused if version is None}
        return [file for file in batch if file.key in keys or (file.key, file.version) in refused]

    async def copy(self, source: str, destination: str) -> bool:
        """Copy within the store; False if there is no such object."""
        try:
            await self._call(
                self._client.copy_object,
                Bucket=self._name,
                Key=destination,
                CopySource={"Bucket": self._name, "Key": source},
            )
        except FileNotFoundError:
            return False
        return True

    async def uploads(self) -> AsyncIterator[list[Upload]]:
        """Multipart uploads that nobody has finished."""
        marker: dict[str, str] = {}
        while True:
            answer = await self._call(self._client.list_multipart_uploads, Bucket=self._name, **marker)
            yield [Upload(one["Key"], one["UploadId"], one["Initiated"]) for one in answer.get("Uploads", [])]
            if not answer.get("IsTruncated"):
                return
            marker = {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}

    async def abort(self, upload: Upload) -> None:
        """Throw an unfinished upload away."""
        asked = {"Bucket": self._name, "Key": upload.key, "UploadId": upload.upload_id}
        try:
            await self._call(self._client.abort_multipart_upload, **asked)
        except FileNotFoundError:
            return
