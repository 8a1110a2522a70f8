"""How templates say words in the chosen language: `_("…")` for their own, `| said` for those that Python hands them.

`_("…")` takes literals only: what it answers is HTML. `words | said` translates a text that was marked where it is
written, and escapes it; a sentence with values in it comes translated already.
"""

from jinja2 import Environment

from services._runtime.translating import gettext, ngettext


def translate(environment: Environment) -> None:
    """Let the templates of `environment` say `_("…")`, `{% trans %}` and `| said`; values are put in by name."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["said"] = gettext
