"""Writes the mails: the words of `words.py` in the reseller's look. Nothing in them names anybody else."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from schemas.accounts import Brand
from schemas.fax import EmailRequested
from schemas.keys import DOCUMENT, fax_prefix
from services._runtime.display import text_on
from services._runtime.languages import Languages
from services._runtime.links import Links, Shown
from services._runtime.templates import translate
from services._runtime.translating import ENGLISH, speaking
from services.email_out.domain import Way
from services.email_out.headers import Headers, headers, one_line
from services.email_out.words import words


@dataclass(frozen=True)
class Letter:
    """One mail, ready to become MIME."""

    headers: Headers
    text: str
    html: str
    filename: str


class Letters:
    """Writes letters in the language of each brand, if it is one of `languages`; `links` makes the links in them."""

    def __init__(self, links: Links, languages: Languages | None = None) -> None:
        self._links = links
        self._languages = languages or Languages()
        self._text = _environment(escape=False).get_template("letter.txt")
        self._html = _environment(escape=True).get_template("letter.html")

    def write(self, event: EmailRequested, way: Way) -> Letter:
        """The mail that `event` asks for: the same, to the octet, each time."""
        with speaking(self._languages.find(event.brand.language) or ENGLISH):
            return self._write(event, way)

    def _write(self, event: EmailRequested, way: Way) -> Letter:
        said = words(event, way, self._links.expiry(event.requested_at))
        parts = {
            "said": said,
            "brand": event.brand,
            "link": self._link(event) if way.delivery == "link" else "",
            "on_brand": text_on(event.brand.colour),
            "support": one_line(event.brand.support),
            "support_link": support_link(event.brand),
        }
        return Letter(headers(event, said.heading), self._text.render(parts), self._html.render(parts), said.filename)

    def _link(self, event: EmailRequested) -> str:
        if event.link_access == "sign-in":
            return self._links.page(event.brand, event.fax_id)
        usual = fax_prefix(event.accepted_at, event.fax_id) + DOCUMENT
        token = self._links.token(
            event.fax_id,
            event.account_id,
            event.accepted_at,
            event.document.key if event.document else usual,
            issued_at=event.requested_at,
            shown=Shown(
                direction=event.direction,
                other_party=event.other_party or "",
                pages=event.pages,
                time_zone=event.time_zone,
                brand=event.brand.name,
                colour=event.brand.colour,
            ),
        )
        return self._links.url(event.brand, token)


def _environment(*, escape: bool) -> Environment:
    made = Environment(
        autoescape=escape,  # noqa: S701 - off for plain text only
        loader=PackageLoader("services.email_out"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    translate(made)
    return made


def support_link(brand: Brand) -> str:
    """A link to the brand's support, if that is a web page or a mail address."""
    support = one_line(brand.support)
    if support.startswith("https://") and " " not in support:
        return support
    return f"mailto:{support}" if "@" in support and " " not in support and "/" not in support else ""
