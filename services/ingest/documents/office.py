"""DOCX and ODT → PDF, by LibreOffice where it is installed: a process of its own for each document.

It is confined like a worker (no network, no settings, limits), but for its memory, of which it needs more than a worker
may have. Its profile is new each time; no macro runs and no link is followed.
"""

import asyncio
import io
import os
import re
import shutil
import signal
import sys
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from services.ingest.documents.refusals import RefusedFile

SECONDS: Final = 30.0
"""For one document; most take 1 to 5."""
_RESTART: Final = 81
"""With a new profile LibreOffice ends with this status and wants to be started again (its launcher does so unasked)."""
_MANIFEST: Final = "META-INF/manifest.xml"
_MANIFEST_BYTES: Final = 1 << 20
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
"""The stream of an encrypted DOCX, which is an OLE file ([MS-OFFCRYPTO] section 1.3.3)."""
_WORD: Final = re.compile(rb"word/document\d{0,3}\.xml")
"""Word's web edition numbers it; the package says which part it is."""
_SCRIPTING: Final = "/org.openoffice.Office.Common/Security/Scripting"
_PROPERTIES: Final = (
    (_SCRIPTING, "DisableMacrosExecution", "true"),
    (_SCRIPTING, "MacroSecurityLevel", "3"),
    (_SCRIPTING, "BlockUntrustedRefererLinks", "true"),
    (_SCRIPTING, "DisableActiveContent", "true"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "2"),
)
"""No macros, no links to other files or hosts, no active content; links are never updated."""

OfficeKind = Literal["docx", "odt"]


def office_kind(data: bytes) -> OfficeKind | None:
    """Recognise DOCX and ODT, which are ZIP files (ISO 29500-2; ISO 26300-3 section 3.3).

    Raises:
        RefusedFile: "password-protected".
    """
    if data.startswith(_OLE) and _LOCKED in data:
        raise RefusedFile("password-protected")
    if not data.startswith(b"PK\x03\x04"):
        return None
    if b"mimetypeapplication/vnd.oasis.opendocument.text" in data[:128]:
        if _encrypted(data):
            raise RefusedFile("password-protected")
        return "odt"
    return "docx" if _WORD.search(data) else None


async def pdf_of(data: bytes, kind: OfficeKind, seconds: float = SECONDS) -> bytes:
    """Convert a document.

    Raises:
        RefusedFile: "unsupported-format" (LibreOffice is not installed), "damaged-document" (it gave no PDF),
            "conversion-timeout" or "conversion-crashed".
    """
    program = soffice()
    if program is None:
        raise RefusedFile("unsupported-format")
    with TemporaryDirectory(prefix="nativefax-office-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        await asyncio.to_thread(_prepare, folder, data, kind)
        try:
            async with asyncio.timeout(seconds):
                status = await _run(program, folder, kind, seconds)
                if status == _RESTART:
                    status = await _run(program, folder, kind, seconds)
        except TimeoutError:
            raise RefusedFile("conversion-timeout") from None
        if status < 0:
            raise RefusedFile("conversion-crashed")
        made = await asyncio.to_thread(_read, folder / "out" / "document.pdf")
    if not made:
        raise RefusedFile("damaged-document")
    return made


@cache
def soffice() -> Path | None:
    """Find LibreOffice's own program: its launchers leave processes behind that no one could end."""
    launcher = shutil.which("soffice")
    program = Path(launcher).resolve().with_name("soffice.bin") if launcher else None
    return program if program and program.exists() else None


async def _run(program: Path, folder: Path, kind: OfficeKind, seconds: float) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.ingest.documents.office_process", str(int(seconds) + 1)),
        *(str(program), "--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation=file://{folder}/profile"),
        *("--convert-to", "pdf", "--outdir", str(folder / "out"), str(folder / f"document.{kind}")),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"HOME": str(folder), "TMPDIR": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **_python_path()},
        start_new_session=True,
    )
    try:
        return await process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # also what it may have started and left
        await process.wait()


def _python_path() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[3])}


def _prepare(folder: Path, data: bytes, kind: OfficeKind) -> None:
    (folder / "profile" / "user").mkdir(parents=True)
    (folder / "profile" / "user" / "registrymodifications.xcu").write_text(_settings())
    (folder / f"document.{kind}").write_bytes(data)


def _settings() -> str:
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _PROPERTIES
    )
    return f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _encrypted(data: bytes) -> bool:
    """Look into an ODT's manifest for keys."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(_MANIFEST) as manifest:
            return b"encryption-data" in manifest.read(_MANIFEST_BYTES)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, EOFError, NotImplementedError, RuntimeError):
        return False
