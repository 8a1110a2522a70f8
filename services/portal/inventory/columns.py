"""The columns of a file of fax accounts, in the words of the dialog. Pure."""

from collections.abc import Mapping
from typing import Final

from services.portal.inventory.forms import AddAccount, FaxSettings, PrimaryUser
from services.portal.inventory.views import Account

NUMBER: Final = "Phone Number"
USER: Final = "Primary User"
NAME: Final = "Name"
EMAIL: Final = "Email"
METHODS: Final = "Enabled Methods"
HANDLING: Final = "Inbound Fax Handling"
DEVICE_TYPE: Final = "Device Type"
SERIAL: Final = "Serial Number"

NEEDED: Final = (NUMBER, METHODS, HANDLING)
"""Columns without which no row can be added; Primary User, or Name and Email, are missed row by row."""

SETTINGS: Final[Mapping[str, str]] = {
    "Allowed Senders": "allowed_senders",
    "Notify": "notify",
    "Blocked Callers": "blocked_callers",
    "Blocked Destinations": "blocked_destinations",
    "Premium Destinations": "premium_destinations",
    "Region": "region",
    "Cover Page": "cover_page",
    "Time Zone": "time_zone",
    "Header Text": "header_text",
    "Retention Days": "retention_days",
    "Links in Mails": "link_access",
    "Forwarding by Mail": "mail_forwarding",
    "Forward To": "forward_to",
}
"""Column → field of `FaxSettings`. An empty field has the default."""

COLUMNS: Final = (NUMBER, USER, NAME, EMAIL, METHODS, HANDLING, DEVICE_TYPE, SERIAL, *SETTINGS)

REASONS: Final = "Refused Because"
"""Stands in the file of refused rows, and is passed over when that is imported."""

HANDLINGS: Final[Mapping[str, str]] = {
    "email w/ attachment": "email-with-attachment",
    "email w/o attachment": "email-without-attachment",
    "portal": "portal",
}
"""The dialog's words → the contract's; a file may have either."""

_WRITTEN: Final = {
    "email-with-attachment": "Email w/ Attachment",
    "email-without-attachment": "Email w/o Attachment",
    "portal": "Portal",
}
_METHODS: Final = {"email": "Email", "portal": "Portal", "ata": "ATA"}
_SAID: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

EXAMPLE: Final = {
    NUMBER: "+12025550101",
    USER: "1001",
    METHODS: "Email; Portal",
    HANDLING: "Email w/ Attachment",
}


def heading(written: str) -> str | None:
    """The column that a field of the header row means; None if it is none."""
    folded = " ".join(written.split()).casefold()
    return next((one for one in (*COLUMNS, REASONS) if one.casefold() == folded), None)


def form_of(domain: str, row: Mapping[str, str]) -> AddAccount:
    """What a row asks for, as typed. Name and Email are somebody else's, or say again whose extension it is."""
    handling = row.get(HANDLING, "").strip()
    return AddAccount(
        domain=domain,
        number=row.get(NUMBER, ""),
        user=PrimaryUser(written=row.get(USER, ""), name=row.get(NAME, ""), email=row.get(EMAIL, "")),
        methods=tuple(_list(row.get(METHODS, ""))),
        handling=HANDLINGS.get(handling.casefold(), handling),
        device_type=row.get(DEVICE_TYPE, ""),
        serial=row.get(SERIAL, ""),
        settings={
            field: _setting(field, row[column].strip())
            for column, field in SETTINGS.items()
            if row.get(column, "").strip()
        },
    )


def _list(written: str) -> list[str]:
    return [one.strip() for one in written.replace(",", ";").split(";") if one.strip()]


def _setting(field: str, written: str) -> object:
    """A field's text as its value; what can't be read stays text, which the model refuses with its reason."""
    default = FaxSettings.model_fields[field].default
    if isinstance(default, bool):
        return _SAID.get(written.casefold(), written)
    if isinstance(default, int):
        return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else written  # noqa: PLR2004 - no retention has ten digits
    return _list(written) if isinstance(default, tuple) else written


def row_of(account: Account) -> dict[str, str]:
    """An account as a row that can be imported again: the extension, or else name and email."""
    user, device = account.user, account.device
    extension = user.extension if user and user.extension else ""
    return {
        NUMBER: account.number,
        USER: extension,
        NAME: user.name if user else "",
        EMAIL: user.email if user else "",
        METHODS: "; ".join(_METHODS[one] for one in account.methods),
        HANDLING: _WRITTEN[account.handling],
        DEVICE_TYPE: device.device_type if device else "",
        SERIAL: device.serial if device else "",
        **{column: _text(getattr(account.settings, field)) for column, field in SETTINGS.items()},
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(value) if isinstance(value, tuple) else str(value)
