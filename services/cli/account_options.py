"""The options of `nativefax accounts add` and `change`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

Name = Annotated[str, typer.Option(help="the primary user's name")]
Email = Annotated[str, typer.Option(help="the primary user's email address; a user of the domain has it, or is made")]
NewName = Annotated[str | None, typer.Option(help="another primary user's name")]
NewEmail = Annotated[str | None, typer.Option(help="another primary user's email address")]
Handling = Annotated[
    str | None, typer.Option(help="inbound fax handling: email-with-attachment, email-without-attachment or portal")
]
Methods = Annotated[
    list[str] | None, typer.Option("--method", help="email, portal or ata; may be given more than once")
]
Extension = Annotated[str | None, typer.Option(help="the primary user's extension; made if there is none")]
Domain = Annotated[str, typer.Option(help="the customer's domain; made if there is none")]
Notify = Annotated[list[str] | None, typer.Option(help="further recipients")]
AllowSender = Annotated[list[str] | None, typer.Option(help="addresses that may submit faxes by email")]
Block = Annotated[list[str] | None, typer.Option(help="callers whose faxes go to junk")]
Region = Annotated[str | None, typer.Option(help="country in which numbers without a country code are read")]
Header = Annotated[str | None, typer.Option(help="on top of each page sent; else the user's name")]
CoverPage = Annotated[bool | None, typer.Option(help="make a mail's text a cover page")]
BlockDestination = Annotated[
    list[str] | None, typer.Option(help="numbers, or how they begin, that it may not dial; as +1900")
]
Premium = Annotated[bool | None, typer.Option(help="premium-rate numbers may be dialled")]
MailForwarding = Annotated[bool | None, typer.Option(help="faxes may be forwarded by mail within the office")]
ForwardTo = Annotated[list[str] | None, typer.Option(help="addresses or domains to which they may be, too")]
AtaType = Annotated[str | None, typer.Option(help="the ATA's type, as the portal lists it")]
AtaSerial = Annotated[str | None, typer.Option(help="the ATA's serial number")]
Zone = Annotated[str | None, typer.Option(help="IANA name, as America/New_York")]
Retention = Annotated[int | None, typer.Option(help="30 to 365")]


@dataclass(frozen=True)
class Given:
    """What both commands take beside number, name and email; None: not given."""

    handling: Handling = None
    method: Methods = None
    extension: Extension = None
    notify: Notify = None
    allow_sender: AllowSender = None
    block: Block = None
    region: Region = None
    header: Header = None
    cover_page: CoverPage = None
    block_destination: BlockDestination = None
    premium: Premium = None
    mail_forwarding: MailForwarding = None
    forward_to: ForwardTo = None
    ata_type: AtaType = None
    ata_serial: AtaSerial = None
    time_zone: Zone = None
    retention_days: Retention = None

    @property
    def settings(self) -> Mapping[str, Any]:
        """By the names of the portal's API."""
        return {
            "notify": self.notify,
            "allowed_senders": self.allow_sender,
            "blocked_callers": self.block,
            "region": self.region,
            "header_text": self.header,
            "cover_page": self.cover_page,
            "blocked_destinations": self.block_destination,
            "premium_destinations": self.premium,
            "mail_forwarding": self.mail_forwarding,
            "forward_to": self.forward_to,
            "time_zone": self.time_zone,
            "retention_days": self.retention_days,
        }


def with_given(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes each field of `Given` as an option, and hands them on as its argument `given`."""
    offered = signature(Given).parameters
    own = [one for name, one in signature(command).parameters.items() if name != "given"]

    @wraps(command)
    def taking(**typed: Any) -> None:
        given = Given(**{name: typed.pop(name) for name in offered})
        command(**typed, given=given)

    options = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in (*own, *offered.values())]
    taking.__dict__["__signature__"] = signature(command).replace(parameters=options)
    return taking
