"""How templates say words in the chosen language: `_("…")` for their own, `| said` for those that Python hands them.

`_("…")` takes literals only, whose values it puts in by name. `words | said` translates a text that was marked where
it is written; a sentence with values in it comes translated already. Both are escaped: a catalogue is no HTML.
"""

from jinja2 import Environment
from markupsafe import Markup, escape

from services._runtime.translating import gettext, language, ngettext, number


def translate(environment: Environment) -> None:
    """Let the templates of `environment` say `_("…")`, `{% trans %}` and `| said`; numbers by `| number`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(_said, _said_of, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(said=gettext, number=number)
    environment.globals["language"] = language


def _said(text: str) -> Markup:
    return escape(gettext(text))


def _said_of(one: str, more: str, number: int) -> Markup:
    return escape(ngettext(one, more, number))
