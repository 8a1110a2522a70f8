"""Apache Kafka as one KRaft node on loopback; docs/adr/0001-broker.md tells why this way."""

import asyncio
import fcntl
import logging
import os
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.local.credentials import Login
from deploy.local.errors import SetupError
from deploy.local.java import find_java
from deploy.local.kafka_properties import LOG4J, PROPERTIES, escaped
from deploy.local.maven import fetch
from deploy.local.programs import Program, write_private

LOCK = Path(__file__).with_name("kafka.lock")
JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true")
LOCALE = {"LC_ALL": "C.UTF-8"}  # Java takes from it how the names of files are encoded


@dataclass(frozen=True)
class KafkaNode:
    """One broker and controller in one process, which asks every client for a password.

    Attributes:
        folder: Its data and configuration.
        cache: Where its jars are kept between stacks.
        port: For clients, on 127.0.0.1.
        controller_port: For itself.
        username: Of the user it works as itself, who may do everything; others are made once it runs.
        password: Of that user; letters and digits.
        users: The user of each process, by the process's name, and its password.
        cluster_id: A base64 UUID without padding, as Kafka writes it.
    """

    folder: Path
    cache: Path
    port: int
    controller_port: int
    username: str
    password: str
    users: Mapping[str, Login]
    cluster_id: str

    name = "kafka"

    @property
    def settings(self) -> dict[str, str]:
        """What it takes to reach it, as its own user."""
        return {
            "NATIVEFAX_KAFKA_BOOTSTRAP": f"127.0.0.1:{self.port}",
            "NATIVEFAX_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "NATIVEFAX_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "NATIVEFAX_KAFKA_USERNAME": self.username,
            "NATIVEFAX_KAFKA_PASSWORD": self.password,
        }

    def settings_of(self, process: str) -> dict[str, str]:
        """See `Part`."""
        login = self.users[process]
        return {"NATIVEFAX_KAFKA_USERNAME": login.username, "NATIVEFAX_KAFKA_PASSWORD": login.password}

    def properties(self, host: str, data: Path) -> str:
        """The node's server.properties, for listening on the address `host` with its log below `data`."""
        login = f'username="{self.username}" password="{self.password}"'
        return PROPERTIES.format(node=self, host=host, data=escaped(data), login=login)

    @property
    def scram(self) -> str:
        """Its user, as StorageTool's ``--add-scram`` takes it."""
        return f"SCRAM-SHA-512=[name={self.username},password={self.password}]"

    def prepare(self, progress: Callable[[str], None]) -> Program:
        """Fetch the jars, format the storage once, and return the program to run.

        Raises:
            SetupError: No usable Java, jars out of reach, a folder it can't use, or storage that can't be formatted.
        """
        self._check_folder()
        java = find_java()
        jars = fetch_jars(self.cache, progress)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.folder / "server.properties", self.properties("127.0.0.1", self.folder.absolute() / "data"))
        (self.folder / "log4j2.properties").write_text(LOG4J)
        write_private(self.folder / "kafka.args", self._arguments(jars, ["kafka.Kafka", self._properties_path]))
        if not (self.folder / "data" / "meta.properties").exists():
            progress("formatting its storage")
            self._format(java, jars)
        return Program("kafka", (str(java), f"@{self.folder.absolute() / 'kafka.args'}"), env=LOCALE, stop_seconds=20)

    def ready(self) -> bool:
        """Whether it lets its user in."""
        with ThreadPoolExecutor(1) as thread:  # the caller's own thread may be running an event loop
            return thread.submit(lambda: asyncio.run(self._logs_in())).result()

    async def _logs_in(self) -> bool:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it reports each refused attempt as an error
        client = AIOKafkaClient(
            bootstrap_servers=f"127.0.0.1:{self.port}",
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_plain_username=self.username,
            sasl_plain_password=self.password,
            request_timeout_ms=3000,
        )
        try:
            await client.bootstrap()
        except (KafkaError, OSError):
            return False
        else:
            return True
        finally:
            await client.close()
            logging.getLogger("aiokafka").setLevel(logging.NOTSET)

    def _check_folder(self) -> None:
        """Kafka lists folders with commas, and Java lists jars with colons."""
        if any(sign in str(self.folder.absolute()) for sign in ",:"):
            raise SetupError(
                f"Kafka can't work in {self.folder.absolute()}: there is a comma or a colon in that name.",
                cure="Work in a folder without one, or let NATIVEFAX_ROOT name one.",
            )

    @property
    def _properties_path(self) -> str:
        return str(self.folder.absolute() / "server.properties")

    def _format(self, java: Path, jars: list[Path]) -> None:
        tool = ["kafka.tools.StorageTool", "format", "-t", self.cluster_id, "-c", self._properties_path]
        arguments = self.folder / "format.args"  # a file, for a process's arguments can be read by every user
        write_private(arguments, self._arguments(jars, [*tool, "--add-scram", self.scram]))
        try:
            subprocess.run(  # noqa: S603 - our own command
                [java, f"@{arguments}"],
                check=True,
                capture_output=True,
                text=True,
                timeout=120,
                env={**os.environ, **LOCALE},
            )
        except subprocess.CalledProcessError as error:
            raise SetupError(
                f"Kafka's storage could not be formatted: {(error.stderr or error.stdout).strip()[-400:]}",
                cure=f"If {self.folder} holds nothing you need, remove it and run the same command again.",
            ) from error
        finally:
            arguments.unlink()

    def _arguments(self, jars: list[Path], main: list[str]) -> str:
        """A Java argument file: one quoted argument a line."""
        classpath = os.pathsep.join(str(jar.absolute()) for jar in jars)
        log4j = f"-Dlog4j2.configurationFile={(self.folder / 'log4j2.properties').absolute()}"
        lines = [*JVM, log4j, "-cp", classpath, *main]
        return "".join('"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"\n' for line in lines)


def fetch_jars(cache: Path, progress: Callable[[str], None]) -> list[Path]:
    """Kafka's jars, from the network only where `cache` lacks them.

    Raises:
        SetupError: The Maven repository cannot be reached, or serves other jars than those pinned.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two stacks may share the cache
        return fetch(LOCK, cache, lambda done, total: progress(f"jars {done} of {total}"))
