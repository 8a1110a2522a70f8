"""What a job writes beside a row, in English, to be said in the language of whoever looks at it later."""

from typing import Final

from services._runtime.phrases import Phrases
from services._runtime.translating import N_
from services.portal.inventory import account_settings, refusals
from services.portal.inventory.treatments import WORDS

PROBLEMS: Final = (
    N_("it is not UTF-8"),
    N_("it is not text"),
    N_("a column is there twice"),
    N_("a field is too long"),
)
"""Why a file can't be read (sheets.py)."""

SETTINGS: Final = (N_("name"), N_("support"))
"""Of a brand, where a text turns what is shown after it (brands.py)."""

PHRASES: Final = Phrases(
    (*(words for _, words in refusals.SAID.values()), *account_settings.SAID.values(), *PROBLEMS, *WORDS.values())
)
