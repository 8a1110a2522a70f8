"""How templates say words in the chosen language: `_("…")` for their own, `| said` for those that Python hands them.

`_("…")` takes literals only, whose values it puts in by name. `words | said` translates a text that was marked where
it is written; a sentence with values in it comes translated already. In HTML both are escaped: a catalogue is none.
"""

from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import escape

from services._runtime.translating import gettext, language, ngettext, number


def translate(environment: Environment) -> None:
    """Let the templates of `environment` say `_("…")`, `ngettext`, `| said`, `| number` and `language()`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(_said, _said_of, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(said=gettext, number=number)
    environment.globals["language"] = language


@pass_eval_context
def _said(evaluating: EvalContext, text: str) -> str:
    return _escaped(evaluating, gettext(text))


@pass_eval_context
def _said_of(evaluating: EvalContext, one: str, more: str, amount: int) -> str:
    return _escaped(evaluating, ngettext(one, more, amount))


def _escaped(evaluating: EvalContext, text: str) -> str:
    return escape(text) if evaluating.autoescape else text
