"""Everything the gateway can refuse, with code, words, cause and cure: a closed set (docs/refusals/email.md).

The codes are those of RFC 5321 and RFC 3463. A 5xx ends the matter: the relay tells the sender, with these words. A
4xx has the relay come again by itself.
"""

from dataclasses import dataclass

from schemas.failures import FaxFailure


@dataclass(frozen=True)
class Refusal:
    """One answer; `words` may be shown to a sender by the relay, so they say what is wrong without insider's terms."""

    code: str
    words: str
    cause: str
    cure: str

    @property
    def answer(self) -> str:
        """As SMTP gives it."""
        return f"{self.code} {self.words}"


class Refused(Exception):  # noqa: N818 - it says what happened
    """The mail, or one of its recipients, is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.answer)
        self.refusal = refusal


NOT_A_RELAY = Refusal(
    "550 5.7.1",
    "Mail is taken from our relays only",
    "The server that connected is neither signed in nor in a relay's networks.",
    "Send to the public address of the fax domain; or have the server added to NATIVEFAX_EMAIL_IN_RELAYS.",
)
TLS_FIRST = Refusal(
    "530 5.7.0",
    "Must issue a STARTTLS command first",
    "Mail was offered without TLS, and NATIVEFAX_EMAIL_IN_REQUIRE_TLS is on.",
    "Turn on TLS in the relay.",
)
AUTH_NEEDS_TLS = Refusal(
    "538 5.7.11",
    "Encryption required for requested authentication mechanism",
    "A relay tried to sign in without TLS.",
    "Turn on TLS in the relay.",
)
WRONG_SECRET = Refusal(
    "535 5.7.8",
    "Authentication credentials invalid",
    "Name and secret are not those of a relay, or the secret is shorter than 32 characters, or the relay signs in from "
    "outside its networks.",
    "Correct the relay's name and secret.",
)
BUSY = Refusal(
    "421 4.3.2",
    "Too many connections, come again",
    "The gateway, or this peer, has as many connections open as it may have.",
    "None needed: the relay comes again. If it lasts, let the relay open fewer connections.",
)
TOO_MANY_ERRORS = Refusal(
    "421 4.7.0",
    "Too many errors",
    "More than 20 commands on one connection were refused.",
    "Look at what the relay sends.",
)
TOO_MANY_COMMANDS = Refusal(
    "421 4.7.0",
    "Enough for one connection, open another",
    "One connection carried 100 mails, or a command was repeated too often.",
    "None needed: the relay comes again.",
)
TOO_EARLY = Refusal(
    "503 5.5.0",
    "The mail began before it was asked for",
    "The peer didn't wait for the answer to DATA.",
    "Use another program: RFC 2920 has DATA end a group of commands.",
)
TOO_MANY_MAILS = Refusal(
    "450 4.7.0",
    "Too many mails in a minute, come again",
    "The peer sent more mails in a minute than it may.",
    "None needed: the relay comes again.",
)
TOO_MANY_RECIPIENTS = Refusal(
    "452 4.5.3",
    "Too many recipients, send the rest in another mail",
    "The mail has more destinations than one delivery may have (100).",
    "None needed: the relay delivers to the rest next.",
)
NO_MEMORY = Refusal(
    "452 4.3.1",
    "Too much mail at once, come again",
    "The mails that are arriving fill the memory that is meant for them.",
    "None needed: the relay comes again.",
)
LATER = Refusal(
    "451 4.3.0",
    "Not now, come again",
    "Kafka or the object store is away, or the gateway failed. Nothing was accepted.",
    "None needed: the relay comes again, and exactly one fax comes of it.",
)
UNREADABLE_COMMAND = Refusal(
    "501 5.5.4",
    "That can't be read",
    "A command is malformed.",
    "Look at what the relay sends.",
)
RELAYING_DENIED = Refusal(
    "550 5.7.1",
    "This is no address for faxes, and nothing else is relayed",
    "The domain of the recipient is not a fax domain.",
    "Write to the number at the fax domain, such as +12025550123@fax.example.com.",
)
NO_SUCH_ADDRESS = Refusal(
    "550 5.1.1",
    "No such address: write the fax number before the @, such as +12025550123",
    "What stands before the @ is not a number, nor FAX= with a number.",
    "Write the number with + and the country code, without an extension. A subaddress goes into /T33S=.",
)
NO_POSTMASTER = Refusal(
    "550 5.1.1",
    "The postmaster of this domain is reached through its relay",
    "Mail to the postmaster of a fax domain came here.",
    "Let the relay deliver postmaster's mail to a person.",
)
DESTINATION_INVALID = Refusal(
    "550 5.1.1",
    "This is not a valid fax number",
    "The number can't exist.",
    "Check the number; to another country, begin it with + and the country code.",
)
DESTINATION_BLOCKED = Refusal(
    "550 5.7.1",
    "Faxes to this number are blocked for your account",
    "The account's settings block the number.",
    "Ask the administrator of the account.",
)
DESTINATION_PREMIUM = Refusal(
    "550 5.7.1",
    "This is a premium-rate number, and your account may not dial those",
    "The number costs extra.",
    "Ask the administrator of the account.",
)
DESTINATION_EMERGENCY = Refusal(
    "550 5.7.1",
    "This is an emergency number, and faxes are never sent to those",
    "The number is one like 911 or 112.",
    "None.",
)
TOO_LARGE = Refusal(
    "552 5.3.4",
    "The mail is larger than may be sent here",
    "The mail is larger than NATIVEFAX_EMAIL_IN_MAX_BYTES.",
    "Send it in parts, or with smaller pictures.",
)
FILES_TOO_LARGE = Refusal(
    "552 5.3.4",
    "The files are larger than a fax may be (50 MB)",
    "All files to fax have more than 50 MB together.",
    "Send them in parts, or with smaller pictures.",
)
TOO_MANY_FILES = Refusal(
    "550 5.6.0",
    "More files are attached than a fax may have (30)",
    "More than 30 files are to be faxed.",
    "Send them in parts, or as one PDF.",
)
TOO_COMPLEX = Refusal(
    "550 5.6.0",
    "The mail is built in a way that can't be read",
    "The mail has more than 500 parts, or parts in parts deeper than 20, or headers that are too long.",
    "Attach the documents to a new mail.",
)
ENCRYPTED = Refusal(
    "550 5.6.0",
    "The mail is encrypted, or packed into its digital signature, so it can't be read here",
    "The mail, or a part of it, is encrypted with PGP or S/MIME, or signed in a form that hides its text (opaque).",
    "Send it without encryption; a signature must be a clear-text one.",
)
NOTHING_TO_FAX = Refusal(
    "550 5.6.0",
    "There is nothing to fax: no file is attached, and the message has no text",
    "No part of the mail can become a page. Signature images, contact cards and invitations don't count.",
    "Attach the document.",
)
NO_IDENTITY = Refusal(
    "550 5.6.0",
    "The mail has neither a Message-ID nor a Date, so a repeat of it couldn't be told from a new fax",
    "Both header fields are missing.",
    "Let the program that sends it, or the relay, add them.",
)
AUTOMATIC = Refusal(
    "550 5.7.1",
    "Automatic replies and list mail are not faxed",
    "The envelope has no sender, or the header says Auto-Submitted: auto-replied, Precedence: bulk, junk, list or "
    "auto_reply, has a List-Id or X-Autoreply, or the mail is a report: a bounce, or that a mail was read.",
    "Send the mail yourself.",
)
FROM_UNREADABLE = Refusal(
    "550 5.7.1",
    "The mail must be From exactly one address",
    "There is no From field, more than one, one with several addresses, or one that can't be read.",
    "Send it from one address.",
)
SENDER_UNPROVEN = Refusal(
    "550 5.7.1",
    "It could not be proven that this mail is really from the address it says it is from",
    "The topmost Authentication-Results is not the relay's, or holds no pass for the domain in From.",
    "Send from the mail service of your own domain; its administrator sets up SPF, DKIM and DMARC.",
)
SENDER_DIFFERS = Refusal(
    "550 5.7.1",
    "The mail is From another address than the one it was sent with",
    "The relay vouches for its envelope sender, and From is another address.",
    "Send from the address you sign in with.",
)
SENDER_NOT_ALLOWED = Refusal(
    "550 5.7.1",
    "This sender may not send faxes: no fax number allows it",
    "The address is neither a fax number's user nor among its allowed senders.",
    "Ask the administrator to add you to the allowed senders; or send from the address that is allowed.",
)
EMAIL_NOT_ENABLED = Refusal(
    "550 5.7.1",
    "This fax number may not send faxes by email",
    "The fax number of this sender has Email disabled.",
    "Ask the administrator to enable it for this fax number.",
)

REFUSALS: dict[str, Refusal] = {
    name.lower().replace("_", "-"): value for name, value in dict(globals()).items() if isinstance(value, Refusal)
}
"""Every refusal, by name, in this order."""

OF_FAILURE: dict[FaxFailure, Refusal] = {
    "destination-invalid": DESTINATION_INVALID,
    "destination-blocked": DESTINATION_BLOCKED,
    "destination-premium": DESTINATION_PREMIUM,
    "destination-emergency": DESTINATION_EMERGENCY,
}
"""What is said of a number that can't be dialled (`NotDiallable`)."""


def name_of(refusal: Refusal) -> str:
    """The refusal's name, for metrics and logs."""
    return next(name for name, one in REFUSALS.items() if one is refusal)
