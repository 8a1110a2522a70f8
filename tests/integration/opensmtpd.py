"""OpenSMTPD as a relay of its own, although Debian's mail servers can't be installed beside each other.

Its package is fetched and unpacked into a folder, and it runs in a mount namespace in which the two users and the
folders that it insists on exist; the machine has none of them. Needs root, apt and a Debian mirror.
"""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import eventually

_NAMESPACE = """set -e
mount -t tmpfs none /var/spool
mount -t tmpfs none /var/lib
mkdir -p -m 755 /var/lib/opensmtpd/empty
mount -t tmpfs none /run
for file in passwd group; do cp /etc/$file /run/$file; done
echo 'opensmtpd:x:64990:64990::/var/lib/opensmtpd/empty:/bin/false' >> /run/passwd
echo 'opensmtpq:x:64991:64991::/var/lib/opensmtpd/empty:/bin/false' >> /run/passwd
echo 'opensmtpd:x:64990:' >> /run/group
echo 'opensmtpq:x:64991:' >> /run/group
for file in passwd group; do mount --bind /run/$file /etc/$file; done
exec "$0" -d -f "$1"
"""


@functools.cache
def program() -> Path | None:
    """Its program: the machine's, or an unpacked one; None if it can't be had."""
    if (installed := shutil.which("smtpd")) is not None:
        return Path(installed)
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        return None
    folder = Path(tempfile.mkdtemp(prefix="opensmtpd-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    fetched = subprocess.run(
        ["apt-get", "download", "opensmtpd"], cwd=folder, capture_output=True, check=False, timeout=60
    )
    packages = list(folder.glob("opensmtpd_*.deb"))
    if fetched.returncode or not packages:
        return None
    subprocess.run(["dpkg", "-x", packages[0], folder], check=True)
    found = folder / "usr" / "sbin" / "smtpd"
    return found if subprocess.run([found, "-h"], capture_output=True, check=False).returncode < 126 else None


@contextmanager
def relaying(folder: Path, port: int, gateway: int, secret: str) -> Iterator[None]:
    """Take mail at `port` and relay it to `gateway` over TLS, signed in as ``office``."""
    configuration = folder / "smtpd.conf"
    configuration.write_text(
        f"""table secrets {{ office = "office:{secret}" }}
listen on 127.0.0.1 port {port}
action "fax" relay host smtp+tls://office@127.0.0.1:{gateway} auth <secrets> tls no-verify
match from any for any action "fax"
"""
    )
    configuration.chmod(0o600)
    command = ["unshare", "-m", "--propagation", "private", "sh", "-c", _NAMESPACE, str(program()), str(configuration)]
    with (folder / "smtpd.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            assert eventually(lambda: _listens(port), 20), (folder / "smtpd.log").read_text()
            yield
        finally:
            process.terminate()
            process.wait(20)


def _listens(port: int) -> bool:
    return f":{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text()
