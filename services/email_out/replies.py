"""What a server's reply means for the message (RFC 5321, 4.2 and 4.3.2; RFC 3463 for the enhanced codes)."""

from aiosmtplib import SMTP, SMTPException, SMTPResponse

from services.email_out.mailer import Answer, Deferred, Refused, TooLarge

EXCEEDED_STORAGE = 552
NOT_SIGNED_IN = frozenset({530, 534, 535, 538})
"""About our sign-in, whatever the message says (RFC 4954, 6)."""

UTF8_UNSUPPORTED = Refused(553, "5.6.7 the mail server takes no addresses outside ASCII")
UNWRITABLE_ADDRESS = Refused(553, "5.1.3 the address has characters that no mail can carry")

_TOO_LARGE_CODES = frozenset({"5.2.3", "5.3.4"})


class NotServed(Exception):  # noqa: N818 - it says what happened
    """The server refuses us and not the message: it wants another sign-in."""


def succeeded(response: SMTPResponse) -> bool:
    """The first digit decides (RFC 5321, 4.3.2)."""
    return response.code // 100 == 2  # noqa: PLR2004 - 2yz: positive completion


def size_limit(client: SMTP) -> int:
    """The largest message the server says it takes, in octets; 0 for no fixed limit (RFC 1870)."""
    announced = client.esmtp_extensions.get("size", "").strip()
    return int(announced) if announced.isdecimal() and announced.isascii() else 0


def judge(response: SMTPResponse, limit: int) -> Answer:
    """The meaning of a reply that is no success.

    Raises:
        NotServed: It is about us.
        SMTPException: It is no reply that can stand here.
    """
    code, text = response.code, short(response.message)
    if code in NOT_SIGNED_IN:
        raise NotServed(f"{code} {text}")
    if code == EXCEEDED_STORAGE or (code // 100 == 5 and text[:5] in _TOO_LARGE_CODES):  # noqa: PLR2004 - 5yz
        return TooLarge(limit, f"{code} {text}".strip())
    if code // 100 == 4:  # noqa: PLR2004 - 4yz: transient
        return Deferred(code, text)
    if code // 100 == 5:  # noqa: PLR2004 - 5yz: permanent
        return Refused(code, text)
    raise SMTPException(f"unexpected reply {code}")


def short(text: str) -> str:
    """A server's words as one safe line: printable ASCII, at most 150 characters."""
    return "".join(one if " " <= one <= "~" else " " for one in " ".join(text.split()))[:150].strip()
