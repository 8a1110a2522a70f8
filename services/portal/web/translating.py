"""Words that can be translated: `_("…")` in templates, and the same functions here.

There is no other language yet, so every text stands for itself. A translation is a gettext catalogue; `pybabel extract`
writes what there is to translate (docs/portal.md).
"""

from gettext import NullTranslations
from typing import Final

from jinja2 import Environment

TRANSLATIONS: Final = NullTranslations()
gettext: Final = TRANSLATIONS.gettext
ngettext: Final = TRANSLATIONS.ngettext


def translate(environment: Environment) -> None:
    """Let the templates of `environment` say `_("…")` and `{% trans %}`; values are put in by name, and escaped."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(TRANSLATIONS, newstyle=True)  # type: ignore[attr-defined]
