"""`nativefax doctor`: what is configured, what is reachable, which versions; secrets masked."""

import asyncio
import os
import platform
import smtplib
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

import httpx
import typer
from aiokafka.admin import AIOKafkaAdminClient
from rich.console import Console

from schemas.topics import TOPICS
from services._runtime.blobs import ObjectStore
from services._runtime.kafka import client_options
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.portal import Portal, PortalAccess
from services.cli.surroundings import ROOT, adopt, ready_processes
from services.cli.terminal import console
from services.email_out.settings import MailSettings
from services.portal.api import told

PACKAGES = ("faststream", "aiokafka", "pydantic", "obstore", "aiosmtplib", "pypdfium2", "imagecodecs", "img2pdf")
SECRET_WORDS = ("PASSWORD", "SECRET", "ACCESS_KEY", "TOKEN")


app = typer.Typer(add_completion=False)


@app.command()
def doctor() -> None:
    """Show settings (secrets masked), whether each part answers, and versions. Exit status 1 if a part doesn't."""
    adopt(ROOT)
    told = console()
    told.print("[bold]Settings[/bold]")
    for name, value in sorted(os.environ.items()):
        if name.startswith("NATIVEFAX_"):
            told.print(f"  {name} = {'********' if _is_secret(name, value) else value}", highlight=False)
    told.print("\n[bold]Parts[/bold]")
    checks: dict[str, Callable[[], str]] = {
        "Kafka": _kafka,
        "Object store": _store,
        "Mail server": _mail,
        **({"Portal": _portal} if PortalAccess().token else {}),
    }
    answers = [_told(name, check, told) for name, check in checks.items()]
    told.print("\n[bold]Stages on this machine[/bold]")
    answers += [_told(f"{one['stage']} ({one['pid']})", partial(_stage, one), told) for one in ready_processes(ROOT)]
    told.print("\n[bold]Versions[/bold]")
    told.print(f"  nativefax {version('nativefax')}, Python {platform.python_version()}, {platform.platform()}")
    told.print("  " + ", ".join(f"{package} {version(package)}" for package in PACKAGES))
    sys.exit(0 if all(answers) else 1)


def _is_secret(name: str, value: str) -> bool:
    return any(word in name for word in SECRET_WORDS) or (name.endswith("_DATABASE") and "@" in value)


def _told(name: str, check: Callable[[], str], told: Console) -> bool:
    try:
        told.print(f"  [green]✓[/green] {name}: {check()}")
    except Exception as error:  # a doctor reports every illness  # noqa: BLE001
        told.print(f"  [red]✗[/red] {name}: {type(error).__name__}: {error}")
        return False
    return True


def _kafka() -> str:
    return asyncio.run(_topics(KafkaSettings()))


async def _topics(settings: KafkaSettings) -> str:
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=5000)
    async with asyncio.timeout(10):
        await admin.start()
    try:
        present = set(await admin.list_topics())
    finally:
        await admin.close()
    missing = [topic.name for topic in TOPICS if topic.name not in present]
    return f"answers at {settings.bootstrap}, " + (
        f"lacks {', '.join(missing)}: run `nativefax topics apply`" if missing else "has every topic"
    )


def _store() -> str:
    settings = StoreSettings()
    asyncio.run(ObjectStore(settings).keys("doctor/"))
    return f"answers at {settings.endpoint}, bucket {settings.bucket}"


def _mail() -> str:
    settings = MailSettings()
    with smtplib.SMTP(settings.host, settings.port, timeout=5) as server:
        server.ehlo()
        size = int(server.esmtp_features.get("size", "0") or 0)
        tls = "STARTTLS" if server.has_extn("starttls") else "no STARTTLS"
    return f"answers at {settings.host}:{settings.port}, {tls}, takes {size // 1_000_000} MB" if size else "answers"


def _portal() -> str:
    me = Portal.named().get(told.Me, "me")
    return f"answers at {PortalAccess().url}, as {me.email} ({me.role})"


def _stage(process: dict[str, str]) -> str:
    answer = httpx.get(f"{process['address']}/ready", timeout=5).json()
    return "ready" if answer["ok"] else "waits: " + "; ".join(answer["waits"])
