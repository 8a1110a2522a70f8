"""Every text that people read can be translated: it is marked, it is found, and it can be filled in."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment, nodes

from services._runtime.templates import translate
from services.cli.texts import extracted

PORTAL = Path(__file__).parents[2] / "services" / "portal"
TEMPLATES = sorted((*PORTAL.glob("templates/*.html"), *PORTAL.glob("web/templates/*.html")))
SCRIPTED = (*("data-copied", "data-live-word", "data-is-live", "data-white", "data-black"), "data-unnamed", "data-new")
"""What scripts say."""

READ_ALOUD = ("alt", "aria-label", "placeholder", "title", "data-label", "data-asks", "data-once", *SCRIPTED)
"""Attributes that people read or hear."""


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return extracted()


def test_every_text_can_be_filled_in(catalogue: Catalog) -> None:
    texts = [text for message in catalogue if message.id for text in _forms(message.id)]
    assert len(texts) > 100
    for text in texts:
        names = re.findall(r"%\((\w+)\)[sd]", text)
        assert "%" not in re.sub(r"%\(\w+\)[sd]|%%", "", text), text
        assert text % dict.fromkeys(names, 1)
        assert not re.search(r"[{}]", re.sub(r"{\w*(:,)?}", "", text)), text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_what_python_says_is_escaped(template: Path) -> None:
    """What `_()` answers is HTML, and a `%` in it is a place for a value: it takes literals only."""
    environment = Environment(autoescape=True)
    translate(environment)
    calls = environment.parse(template.read_text()).find_all(nodes.Call)
    marked = [one for one in calls if isinstance(one.node, nodes.Name) and one.node.name in {"_", "gettext"}]
    assert [one.lineno for one in marked if not isinstance(one.args[0], nodes.Const)] == []


def _forms(id_: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (id_,) if isinstance(id_, str) else tuple(id_)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_text_of_a_template_is_left_unmarked(template: Path) -> None:
    assert list(unmarked(template.read_text())) == []


NOT_PAGES = {"api", "migrations", "history", "provisioning.py"}
"""For machines, and for a shell: in English."""

FOR_PAGES = sorted(file for file in PORTAL.rglob("*.py") if NOT_PAGES.isdisjoint(file.relative_to(PORTAL).parts))


@pytest.mark.parametrize("file", FOR_PAGES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_sentence_in_python_is_left_unmarked(file: Path) -> None:
    tree = ast.parse(file.read_text())
    marked = {inner for one in ast.walk(tree) if _marks(one) for inner in ast.walk(one)}
    documenting = {one.value for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    left = [one for one in ast.walk(tree) if isinstance(one, ast.Constant) and one not in marked | documenting]
    texts = [one.value for one in left if isinstance(one.value, str)]
    assert [text for text in texts if re.fullmatch(r"[A-Z“].* .*[.?…]", text, re.DOTALL)] == []


def _marks(one: ast.AST) -> bool:
    called = one.func if isinstance(one, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in {"N_", "gettext", "ngettext"}


def unmarked(source: str) -> Iterator[str]:
    """What a template says in letters outside `_("…")`."""
    environment = Environment(autoescape=True)
    translate(environment)
    html = "".join(
        node.data if isinstance(node, nodes.TemplateData) else "{}"
        for output in environment.parse(source).find_all(nodes.Output)
        for node in output.nodes
    )
    html = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", html, flags=re.DOTALL)
    for name in READ_ALOUD:
        yield from (found for found in re.findall(rf'\s{name}="([^"]*)"', html) if re.search("[A-Za-z]{2}", found))
    html = re.sub(r'\b[\w-]+="[^"<>]*"', " ", re.sub(r"<[^>]*>", "\n", html))  # attributes that a macro adds
    yield from (text.strip() for text in html.split("\n") if re.search("[A-Za-z]{2}", text))
