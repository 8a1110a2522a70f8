"""Alerts, dashboards and runbooks: they name metrics that the stages export, runbooks and commands that there are."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from deploy.checks.helm import HERE
from services._runtime.wrapping import HttpMetrics
from services.cli.commands import COMMANDS
from services.retention.telling import Told

RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((HERE / "deploy" / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
RUNBOOKS = sorted((HERE / "docs" / "runbooks").glob("*.md"))
DASHBOARDS = sorted((HERE / "deploy" / "dashboards").glob("*.json"))
KINDS = {"Counter": ("_total",), "Gauge": ("",), "Histogram": ("_bucket", "_sum", "_count")}


@cache
def exported() -> frozenset[str]:
    """Every name that a stage exports: those written in the code, and those made of other names."""
    registry = CollectorRegistry()
    Told(registry)
    calls = [call for file in (HERE / "services").rglob("*.py") for call in _calls(file)]
    for call in calls:
        if _name(call) == "HttpMetrics" and isinstance(call.args[1], ast.Constant):
            HttpMetrics(registry, ast.literal_eval(call.args[1]))
    made = {name for metric in registry.collect() for name in _of_kind(metric.name, metric.type.capitalize())}
    written = (call for call in calls if _name(call) in KINDS and call.args and isinstance(call.args[0], ast.Constant))
    return frozenset(
        made | {name for call in written for name in _of_kind(ast.literal_eval(call.args[0]), _name(call))}
    )


def _calls(file: Path) -> Iterator[ast.Call]:
    text = file.read_text()
    if not any(f"{name}(" in text for name in (*KINDS, "HttpMetrics")):
        return iter(())
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _of_kind(name: str, kind: str) -> set[str]:
    return {f"{name}{suffix}" for suffix in KINDS[kind]}


def metrics_in(text: str) -> set[str]:
    return set(re.findall(r"\bnativefax_[a-z0-9_]+", text))


def panels() -> list[dict[str, Any]]:
    return [panel for one in DASHBOARDS for panel in json.loads(one.read_text())["panels"]]


def slugs(runbook: Path) -> set[str]:
    """The anchors of a page's headings, as the web shows them."""
    headings = re.findall(r"^#+ (.+)$", runbook.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_about_and_what_to_do(rule: dict[str, Any]) -> None:
    assert metrics_in(rule["expr"]) <= exported()
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert (HERE / page).exists()
    assert not anchor or anchor in slugs(HERE / page)


def test_every_alert_is_seen_to_fire() -> None:
    tests = yaml.safe_load((HERE / "deploy" / "alerts.test.yaml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert fired == {rule["alert"] for rule in RULES}


def test_the_dashboard_shows_only_what_there_is() -> None:
    asked = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    assert len(asked) > 30
    named = {name for one in asked for name in metrics_in(one)}
    assert named <= exported()
    alerted = {name for rule in RULES for name in metrics_in(rule["expr"])}
    assert alerted - named == {
        "nativefax_certificate_expires_seconds",
        "nativefax_groups_measured_seconds",
        "nativefax_retention_refused_total",
    }, "what somebody is woken for is to be seen"


def test_no_panel_lies_on_another() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels():
        place = panel["gridPos"]
        for at in ((place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])):
            assert taken.setdefault(at, panel["title"]) == panel["title"]
        assert place["x"] + place["w"] <= 24
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda one: one.stem)
def test_a_runbook_names_what_there_is(runbook: Path) -> None:
    text = runbook.read_text()
    assert metrics_in(text) <= exported() | {name.removesuffix("_total") for name in exported()}
    for command in re.findall(r"`(nativefax [a-z][^`]*)`", text):
        resolve(command.split()[1:])
    for link in re.findall(r"\]\(([^)#]+\.md)(?:#[^)]*)?\)", text):
        assert (runbook.parent / link).exists(), link


def resolve(words: list[str]) -> None:
    """Follow a command to its end; its options must be known there."""
    command: Any = COMMANDS[words.pop(0)].load()
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not getattr(command, "commands", {}) or not words, f"there is no command {words[0]}"
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known
