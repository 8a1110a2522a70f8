"""The options of `nativefax accounts add` and `change`."""

from typing import Annotated

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
AtaType = Annotated[str | None, typer.Option(help="the ATA's type, as the portal lists it")]
AtaSerial = Annotated[str | None, typer.Option(help="the ATA's serial number")]
Zone = Annotated[str | None, typer.Option(help="IANA name, as America/New_York")]
Retention = Annotated[int | None, typer.Option(help="30 to 365")]
