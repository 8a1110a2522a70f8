"""``python -m deploy.local.mailbox``: serve SMTP and the page until told to stop."""

import argparse
import asyncio
import os
import ssl
from pathlib import Path

import uvicorn

from deploy.local.mailbox.page import make_page
from deploy.local.mailbox.smtp import MailServer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.mailbox",
        description="Take mail over SMTP on 127.0.0.1 into a Maildir, and show it on a page.",
        epilog="Who may send is set by NATIVEFAX_SMTP_USERNAME and NATIVEFAX_SMTP_PASSWORD. "
        "A faults.json in the state folder makes the server misbehave: see deploy/local/mailbox/faults.py.",
    )
    parser.add_argument("--maildir", type=Path, required=True, help="where mail goes; made when missing")
    parser.add_argument(
        "--state", type=Path, required=True, help="holds certificate.pem and key.pem, and faults.json if any"
    )
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--page-port", type=int, required=True)
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace, username: str, password: str) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(arguments.state / "certificate.pem", arguments.state / "key.pem")
    smtp = MailServer(arguments.maildir, arguments.state, username, password)
    page = uvicorn.Config(
        make_page(arguments.maildir),
        host="127.0.0.1",
        port=arguments.page_port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    async with await smtp.listen(arguments.smtp_port, tls):
        await uvicorn.Server(page).serve()


if __name__ == "__main__":
    try:
        credentials = os.environ["NATIVEFAX_SMTP_USERNAME"], os.environ["NATIVEFAX_SMTP_PASSWORD"]
    except KeyError as missing:
        _arguments()
        raise SystemExit(f"{missing.args[0]} is not set; see --help.") from None
    asyncio.run(_serve(_arguments(), *credentials))
