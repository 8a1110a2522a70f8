"""Charsets of text, by the names that mails and pages give them. Pure."""

import codecs
import re

_TEXT = re.compile(
    r"(utf-?(8|7|16|16le|16be|32)|(us-)?ascii|iso-?8859-\d{1,2}|latin-?\d|(windows|cp|ibm)-?\d{3,5}|koi8-[ru]|mac(intosh|roman)?"
    r"|gb(k|2312|18030)|big5(-?hkscs)?|euc-?(jp|kr)|iso-2022-(jp|kr)[-\w]{0,6}|shift[-_]?jis|ks_c_5601-1987|tis-620)"
)
"""Charsets of text. Python knows codecs by names like ``punycode`` too, some of which take quadratic time."""

_SUPERSETS = {"us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252", "gb2312": "gb18030"}
"""What is sent under a charset's name (WHATWG Encoding, 4.2)."""


def codec_of(charset: str) -> str | None:
    """Python's codec of a charset; None if it is none of text, or none that Python knows."""
    name = _SUPERSETS.get(charset.lower(), charset.lower())
    try:
        return codecs.lookup(name).name if _TEXT.fullmatch(name) else None
    except LookupError:
        return None
