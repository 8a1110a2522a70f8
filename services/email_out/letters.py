"""Writes the mails: the words of `words.py` in the reseller's look. Nothing in them names anybody else."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import format_datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from schemas.accounts import Brand
from schemas.fax import EmailRequested
from schemas.keys import DOCUMENT, fax_prefix
from services._runtime.display import text_on
from services._runtime.links import Links, Shown
from services.email_out.domain import Way, message_id
from services.email_out.words import Words, words

Headers = tuple[tuple[str, str | Address], ...]


@dataclass(frozen=True)
class Letter:
    """One mail, ready to become MIME. No header has a line end in its value."""

    headers: Headers
    text: str
    html: str
    filename: str


class Letters:
    """Writes letters; `links` makes the links in them."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._text = _environment(escape=False).get_template("letter.txt")
        self._html = _environment(escape=True).get_template("letter.html")

    def write(self, event: EmailRequested, way: Way) -> Letter:
        """The mail that `event` asks for: the same, to the octet, each time."""
        said = words(event, way, self._links.expiry(event.requested_at))
        parts = {
            "said": said,
            "brand": event.brand,
            "link": self._link(event) if way.delivery == "link" else "",
            "on_brand": text_on(event.brand.colour),
            "support": one_line(event.brand.support),
            "support_link": support_link(event.brand),
        }
        return Letter(headers(event, said), self._text.render(parts), self._html.render(parts), said.filename)

    def _link(self, event: EmailRequested) -> str:
        usual = fax_prefix(event.accepted_at, event.fax_id) + DOCUMENT
        token = self._links.token(
            event.fax_id,
            event.account_id,
            event.accepted_at,
            event.document.key if event.document else usual,
            issued_at=event.requested_at,
            shown=Shown(
                direction="received" if event.purpose == "received" else "sent",
                other_party=event.other_party or "",
                pages=event.pages,
                time_zone=event.time_zone,
                brand=event.brand.name,
                colour=event.brand.colour,
            ),
        )
        return self._links.url(event.brand, token)


def _environment(*, escape: bool) -> Environment:
    return Environment(
        autoescape=escape,  # noqa: S701 - off for plain text only
        loader=PackageLoader("services.email_out"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def headers(event: EmailRequested, said: Words) -> Headers:
    """The mail's headers, in their order.

    It says that a machine wrote it, so that no other machine answers: RFC 3834 for the standard, the X- header for
    Exchange.
    """
    return (
        ("From", _address(event.brand.from_address, one_line(event.brand.name))),
        ("To", _address(event.recipient)),
        ("Subject", one_line(said.heading)),
        ("Date", format_datetime(event.requested_at)),
        ("Message-ID", message_id(event)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
    )


def one_line(text: str) -> str:
    """Without line ends of any kind, Unicode's included, nor other control characters."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable())


def support_link(brand: Brand) -> str:
    """A link to the brand's support, if that is a web page or a mail address."""
    support = one_line(brand.support)
    if support.startswith("https://") and " " not in support:
        return support
    return f"mailto:{support}" if "@" in support and " " not in support and "/" not in support else ""


def _address(address: str, name: str = "") -> Address:
    local, domain = address.rsplit("@", 1)
    return Address(display_name=name, username=local, domain=domain)
