"""The files in a winmail.dat, as Outlook sends them to those it takes for other Outlooks ([MS-OXTNEF]). Pure.

No library with a permissive licence reads the format. What is needed of it is little: a list of attributes, of which
four make an attachment. A message's text in it is compressed RTF, and its mail has the text beside it.
"""

import struct
from dataclasses import dataclass

SIGNATURE = 0x223E9F78
"""[MS-OXTNEF] 2.1.3."""

_ATTACHMENT = 2
"""The level of attributes that belong to an attachment ([MS-OXTNEF] 2.1.3.1)."""

_BEGINS, _TITLE, _DATA, _PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
"""The low halves of the ids of attAttachRenddata, attAttachTitle, attAttachData, attAttachment (2.1.3.2)."""

_LONG_NAME = 0x3707
"""PidTagAttachLongFilename ([MS-OXPROPS])."""

_METHOD = struct.pack("<HH", 0x0003, 0x3705)
_OLE = struct.pack("<I", 6)
"""PidTagAttachMethod, and afOle ([MS-OXCMSG] 2.2.2.9)."""

_UNICODE, _STRING8 = 0x001F, 0x001E
_NAME = 300


@dataclass(frozen=True)
class Opened:
    """One file."""

    name: str
    data: bytes


def opened(data: bytes) -> tuple[Opened, ...] | None:
    """The files in it, in their order; None if it is no winmail.dat, is damaged, or holds what is no file: a mail."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != SIGNATURE:  # noqa: PLR2004 - signature and key
        return None
    attributes = _attributes(data)
    if attributes is None:
        return None
    found: list[dict[int, bytes]] = []
    for attribute, value in attributes:
        if attribute == _BEGINS or not found:
            found.append({})
        found[-1].setdefault(attribute, value)
    files = [one for one in found if not _is_drawn(one.get(_PROPERTIES, b""))]
    if not all(_DATA in one for one in files):
        return None
    return tuple(Opened(_clean(_name(one), number), one[_DATA]) for number, one in enumerate(files, 1))


def _name(attachment: dict[int, bytes]) -> str:
    short = attachment.get(_TITLE, b"").rstrip(b"\0").decode("cp1252", "replace")
    return _long_name(attachment.get(_PROPERTIES, b"")) or short


def _is_drawn(properties: bytes) -> bool:
    """Whether it is no file but a picture in the letter's layout, as a letterhead has."""
    at = properties.find(_METHOD)
    return at >= 0 and properties[at + len(_METHOD) :][:4] == _OLE


def _attributes(data: bytes) -> list[tuple[int, bytes]] | None:
    """The attributes of attachments: low half of the id, and value; None if the data doesn't hold together."""
    found: list[tuple[int, bytes]] = []
    at = 6
    while at + 9 <= len(data):
        level, attribute, length = struct.unpack_from("<BII", data, at)
        value = data[at + 9 : at + 9 + length]
        if len(value) < length or level not in {1, _ATTACHMENT}:
            return None
        if level == _ATTACHMENT:
            found.append((attribute & 0xFFFF, value))
        at += 9 + length + 2
    return None if data[at:].strip(b"\0\r\n") else found


def _long_name(properties: bytes) -> str:
    """The long name among an attachment's properties ([MS-OXTNEF] 2.1.3.4).

    Looked for by its tag, for the values before it have many forms: tag, number of values, octets, the name.
    """
    for kind, coding in ((_UNICODE, "utf-16-le"), (_STRING8, "cp1252")):
        at = properties.find(struct.pack("<HH", kind, _LONG_NAME))
        if at >= 0 and at + 12 <= len(properties):
            count, length = struct.unpack_from("<II", properties, at + 4)
            if count == 1 and 0 < length <= _NAME * 2:
                return properties[at + 12 : at + 12 + length].decode(coding, "replace").rstrip("\0")
    return ""


def _clean(name: str, number: int) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if one.isprintable())[:_NAME] or f"attachment-{number}"
