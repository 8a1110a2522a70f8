"""The page: what came in, newest first. It only reads, and treats every mail as hostile."""

import base64
from email.message import EmailMessage, MIMEPart
from functools import partial
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from deploy.local.mailbox.maildir import list_mails, read_headers, read_mail

HERE = Path(__file__).parent
SHOWN = 200  # mails on the list
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'"
PAGE_POLICY = f"{CLOSED}; style-src 'self'; frame-src 'self'; frame-ancestors 'none'"
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"  # a mail's links open in a new tab; nothing else is allowed
MAIL_POLICY = f"sandbox {SANDBOX}; {CLOSED}; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
INERT = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def make_page(maildir: Path) -> Starlette:
    """The application that shows `maildir`."""
    templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True)
    routes = [
        Route("/", partial(_list, maildir, templates)),
        Route("/mail/{mail}", partial(_show, maildir, templates)),
        Route("/mail/{mail}/html", partial(_html, maildir)),
        Route("/mail/{mail}/source", partial(_source, maildir)),
        Route("/mail/{mail}/attachment/{number:int}", partial(_attachment, maildir)),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


def _render(templates: Environment, name: str, **context: object) -> Response:
    html = templates.get_template(name).render(**context, sandbox=SANDBOX)
    return HTMLResponse(html, headers={**INERT, "Content-Security-Policy": PAGE_POLICY})


def _find(maildir: Path, request: Request) -> Path:
    for file in list_mails(maildir):
        if file.name == request.path_params["mail"]:
            return file
    raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such mail.")


def _list(maildir: Path, templates: Environment, _request: Request) -> Response:
    files = list_mails(maildir)
    mails = [(file.name, read_headers(file)) for file in reversed(files[-SHOWN:])]
    return _render(templates, "list.html", mails=mails, total=len(files), shown=SHOWN)


def _show(maildir: Path, templates: Environment, request: Request) -> Response:
    file = _find(maildir, request)
    mail = read_mail(file)
    return _render(
        templates,
        "mail.html",
        id=file.name,
        mail=mail,
        text=_body(mail, "plain"),
        has_html=mail.get_body(("html",)) is not None,
        attachments=[(part.get_filename() or "attachment", len(_decoded(part))) for part in mail.iter_attachments()],
    )


def _html(maildir: Path, request: Request) -> Response:
    mail = read_mail(_find(maildir, request))
    html = _body(mail, "html") or ""
    for part in mail.walk():
        if part["Content-ID"] and part.get_content_maintype() == "image":
            data = base64.b64encode(_decoded(part)).decode()
            html = html.replace(
                f"cid:{part['Content-ID'].strip('<> ')}", f"data:{part.get_content_type()};base64,{data}"
            )
    return HTMLResponse(f'<base target="_blank">{html}', headers={**INERT, "Content-Security-Policy": MAIL_POLICY})


def _source(maildir: Path, request: Request) -> Response:
    content = _find(maildir, request).read_bytes()
    return Response(content, media_type="text/plain", headers={**INERT, "Content-Security-Policy": MAIL_POLICY})


def _attachment(maildir: Path, request: Request) -> Response:
    attachments = list(read_mail(_find(maildir, request)).iter_attachments())
    number: int = request.path_params["number"]
    if number >= len(attachments):
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such attachment.")
    name = _safe_name(attachments[number].get_filename() or "attachment")
    headers = {**INERT, "Content-Security-Policy": "sandbox", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_decoded(attachments[number]), media_type="application/octet-stream", headers=headers)


def _safe_name(name: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_. ") else "_" for letter in name)


def _body(mail: EmailMessage, kind: str) -> str | None:
    body = mail.get_body((kind,))
    if body is None:
        return None
    return _decoded(body).decode(body.get_content_charset("utf-8"), errors="replace")


def _decoded(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()
