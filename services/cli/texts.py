"""What there is to translate: every text that the portal's pages and the mails say, found in the sources themselves."""

from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

import services

PARTS: Final = ("_runtime", "portal", "email_out")
"""Of `services`: those that say something to whoever reads a page or a mail."""

METHODS: Final = (
    ("**/templates/**.html", "jinja2.ext:babel_extract"),
    ("**/templates/**.txt", "jinja2.ext:babel_extract"),
    ("**.py", "python"),
)
OPTIONS: Final = {pattern: {"silent": "false", "trimmed": "true"} for pattern, method in METHODS if "jinja2" in method}


@cache
def extracted() -> Catalog:
    """A catalogue without translations. It takes a second, so it is made once."""
    found = Catalog(project="nativefax", copyright_holder="", charset="utf-8")
    root = Path(services.__path__[0])
    for part in PARTS:
        for file, line, text, comments, _ in extract_from_dir(root / part, list(METHODS), OPTIONS):
            found.add(text, locations=[(f"services/{part}/{file}", line)], auto_comments=comments)
    return found
