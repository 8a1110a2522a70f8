"""Why something isn't done, in words that say what to do. A closed set: pages and tests know each member. Pure."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from services._runtime.translating import N_, gettext

Field = Literal[
    "phone_number",
    "primary_user",
    "name",
    "email",
    "extension",
    "methods",
    "handling",
    "device_type",
    "serial_number",
    "settings",
    "allowed_senders",
    "notify",
    "blocked_callers",
    "blocked_destinations",
    "premium_destinations",
    "region",
    "cover_page",
    "time_zone",
    "header_text",
    "retention_days",
    "link_access",
    "mail_forwarding",
    "forward_to",
    "account",
    "maximum",
    "brand",
    "logo",
    "domain",
    "hold",
    "token",
    "role",
    "treatment",
    "file",
]

Code = Literal[
    "not-white-label",
    "number-missing",
    "number-invalid",
    "number-unknown",
    "number-known",
    "number-not-available",
    "number-in-use",
    "number-not-fax",
    "numbers-too-many",
    "target-missing",
    "number-quarantined",
    "maximum-disabled",
    "maximum-reached",
    "maximum-invalid",
    "user-missing",
    "user-unknown",
    "user-ambiguous",
    "user-in-use",
    "user-cannot-sign-in",
    "name-invalid",
    "email-invalid",
    "email-taken",
    "extension-invalid",
    "extension-taken",
    "role-not-given",
    "no-method",
    "method-unknown",
    "handling-unknown",
    "device-type-missing",
    "device-type-unknown",
    "device-type-known",
    "device-type-invalid",
    "too-many-device-types",
    "serial-missing",
    "serial-invalid",
    "serial-taken",
    "device-without-ata",
    "no-device",
    "setting-invalid",
    "recipient-not-allowed",
    "forwarded-too-often",
    "account-changed",
    "account-removed",
    "brand-invalid",
    "host-taken",
    "domain-invalid",
    "domain-taken",
    "treatment-unknown",
    "treatment-fax",
    "hold-invalid",
    "token-invalid",
    "token-unknown",
    "too-many-tokens",
    "file-unreadable",
    "file-too-large",
    "columns-missing",
    "columns-unknown",
    "row-too-long",
    "number-shortened",
]

SAID: Final[dict[Code, tuple[Field, str]]] = {
    "not-white-label": (
        "account",
        N_("Only a reseller with white-label access can add a fax number. Ask your provider to switch it on."),
    ),
    "number-missing": ("phone_number", N_("Choose a phone number.")),
    "number-invalid": ("phone_number", N_("“{written}” is no phone number. Write it like +12025550101.")),
    "number-unknown": (
        "phone_number",
        N_(
            "{number} is not among this domain's phone numbers. "
            "Choose one from the list, or add it to the domain first."
        ),
    ),
    "number-known": ("phone_number", N_("{number} is in the inventory already. Choose another number.")),
    "number-not-available": (
        "phone_number",
        N_(
            "{number} is in use: its treatment is {treatment}. "
            "Set its treatment to available, or choose another number."
        ),
    ),
    "number-in-use": (
        "phone_number",
        N_("{number} is a fax number already. Choose another number, or change the account that has it."),
    ),
    "number-not-fax": (
        "phone_number",
        N_("{number} is no fax number of this domain. Choose fax numbers only, or add a fax account for it first."),
    ),
    "numbers-too-many": ("phone_number", N_("Choose at most {most} numbers at a time.")),
    "target-missing": ("domain", N_("Choose another of your domains, into which the numbers move.")),
    "number-quarantined": (
        "phone_number",
        N_("{number} was another customer's fax number and is kept back until {until}. Choose another number."),
    ),
    "maximum-disabled": (
        "phone_number",
        N_("Fax numbers are switched off for this domain. Set its maximum of fax numbers to a number or to unlimited."),
    ),
    "maximum-reached": (
        "phone_number",
        N_("This domain uses {used} of {maximum} fax numbers. Remove one, or raise the domain's maximum."),
    ),
    "maximum-invalid": (
        "maximum",
        N_("Write how many fax numbers the domain may have, from 1 to 1000000, or choose disabled or unlimited."),
    ),
    "user-missing": (
        "primary_user",
        N_("Choose the primary user by extension or name, or give somebody else's name and email."),
    ),
    "user-unknown": (
        "primary_user",
        N_("This domain has no user “{written}”. Choose one from the list, or give somebody else's name and email."),
    ),
    "user-ambiguous": ("primary_user", N_("Several users are called “{written}”. Choose one by the extension.")),
    "user-in-use": ("primary_user", N_("This user has fax numbers. Give {numbers} another primary user first.")),
    "user-cannot-sign-in": ("role", N_("Only a user with an email of this domain's own can be given this role.")),
    "name-invalid": ("name", N_("Write a name of 1 to 128 characters, on one line.")),
    "email-invalid": ("email", N_("This is no email address. Write it like name@example.com.")),
    "recipient-not-allowed": (
        "email",
        N_(
            "Faxes of this number are not mailed to {written}. Choose somebody of your office; "
            "whoever looks after your fax numbers can allow other addresses."
        ),
    ),
    "forwarded-too-often": (
        "email",
        N_("Too many faxes were forwarded in a short time, so nothing was sent. Try again in an hour."),
    ),
    "email-taken": ("email", N_("{name} has this email already. Choose another, or choose that user.")),
    "extension-invalid": ("extension", N_("Write an extension of 1 to 128 characters, on one line.")),
    "extension-taken": ("extension", N_("{name} has this extension already. Choose another.")),
    "role-not-given": ("role", N_("You can't give this role. Choose user or manager.")),
    "no-method": ("methods", N_("Choose at least one method: email, portal or ATA.")),
    "method-unknown": ("methods", N_("“{written}” is no method. Choose among email, portal and ATA.")),
    "handling-unknown": (
        "handling",
        N_("Choose what happens to received faxes: Email w/ Attachment, Email w/o Attachment, or Portal."),
    ),
    "device-type-missing": ("device_type", N_("Choose the type of the ATA, or switch the method ATA off.")),
    "device-type-unknown": (
        "device_type",
        N_("“{written}” is not among the device types. Choose one from the list, or have it added."),
    ),
    "device-type-known": ("device_type", N_("This device type is in the list already.")),
    "too-many-device-types": (
        "device_type",
        N_("You have {most} device types of your own. Take one from the list that is no longer used."),
    ),
    "device-type-invalid": ("device_type", N_("Write a device type of 1 to 128 characters, on one line.")),
    "serial-missing": ("serial_number", N_("Write the ATA's serial number; it is on its label.")),
    "serial-invalid": (
        "serial_number",
        N_("Write the serial number as on the label, 1 to 128 characters on one line."),
    ),
    "serial-taken": (
        "serial_number",
        N_("The ATA with this serial number belongs to another fax number. Check the label, or remove it there first."),
    ),
    "device-without-ata": (
        "methods",
        N_(
            "A device is given, but the method ATA is off. "
            "Switch the method on, or clear device type and serial number."
        ),
    ),
    "no-device": ("methods", N_("This fax number has no ATA. Enable the method ATA and give the device first.")),
    "setting-invalid": ("settings", N_("This setting can't be saved like this.")),
    "account-changed": (
        "account",
        N_("Somebody changed this fax number meanwhile. Nothing was saved: look at it as it is now, and try again."),
    ),
    "account-removed": ("account", N_("This fax number was removed meanwhile. Nothing was saved.")),
    "brand-invalid": ("brand", N_("{setting} can't be saved: {problem}.")),
    "host-taken": ("brand", N_("This portal host is another brand's. Choose another.")),
    "domain-invalid": ("domain", N_("Write a domain's name of 1 to 128 characters, on one line.")),
    "domain-taken": ("domain", N_("This name is taken. Choose another.")),
    "treatment-unknown": ("treatment", N_("“{written}” is no treatment. Choose one from the list.")),
    "treatment-fax": (
        "treatment",
        N_("A number becomes a fax number by adding a fax account, and is freed by removing it. Do that instead."),
    ),
    "hold-invalid": ("hold", N_("Write in one line of at most 200 characters why this is kept.")),
    "token-invalid": ("token", N_("Write a name of 1 to 64 letters, digits, dots and hyphens, and choose its rights.")),
    "token-unknown": ("token", N_("This fax number has no such token. Load the page again.")),
    "too-many-tokens": ("token", N_("A fax number can have 20 tokens. Revoke one that is no longer used.")),
    "file-unreadable": ("file", N_("This file can't be read as CSV: {problem}. Save it as “CSV UTF-8” and try again.")),
    "file-too-large": (
        "file",
        N_("This file is too large. Split it: at most {rows} rows and {megabytes} MB at a time."),
    ),
    "columns-missing": ("file", N_("The header row lacks {columns}. Begin with the template.")),
    "columns-unknown": (
        "file",
        N_("The header row has columns that are not known: {columns}. Begin with the template."),
    ),
    "row-too-long": (
        "file",
        N_("This row has more fields than the header row. Put fields that contain commas in quotes."),
    ),
    "number-shortened": (
        "file",
        N_("A spreadsheet shortened {column} to {written}. Make its column one of text there, and type it anew."),
    ),
}


_WORDS: Final = frozenset({"problem", "setting", "treatment"})
"""Details that are words of ours themselves, marked where they are written."""


@dataclass(frozen=True)
class Refusal:
    """One reason: shown beside `field`; `words` say what to do."""

    field: Field
    code: Code
    words: str


@dataclass(frozen=True)
class Refused:
    """Nothing was changed, for these reasons; at least one, and at most one for each field and code."""

    refusals: tuple[Refusal, ...]

    def of(self, field: Field) -> tuple[Refusal, ...]:
        """What to show beside a field."""
        return tuple(one for one in self.refusals if one.field == field)

    @property
    def codes(self) -> tuple[Code, ...]:
        """Which they are."""
        return tuple(one.code for one in self.refusals)


def refuse(code: Code, **details: object) -> Refusal:
    """The refusal of a code; `details` fill its sentence."""
    field, said = SAID[code]
    told = {name: gettext(str(value)) if name in _WORDS else value for name, value in details.items()}
    return Refusal(field, code, gettext(said).format(**told))


def refused(code: Code, **details: object) -> Refused:
    """One refusal, alone."""
    return Refused((refuse(code, **details),))


CODES: Final[tuple[Code, ...]] = get_args(Code)
