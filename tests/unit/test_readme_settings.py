"""The README's table of settings: every one is there, and no other, with the default that the code has."""

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()
INTERNAL = {  # set by `nativefax up` for its own stages, and for the commands that act as this machine's clients
    "NATIVEFAX_STAGE_RUN_DIR",
    "NATIVEFAX_API_TOKEN",
    "NATIVEFAX_EMAIL_IN_RELAY_PASSWORD",
}
ELSEWHERE = "NATIVEFAX_SIMULATOR_"  # docs/telephony-simulator.md: no part of a pipeline that serves customers
PLAIN = re.compile(r"\d+(\.\d+)?|true|false")  # and not, for instance, "a free one"
WITHOUT_CLASS = {"NATIVEFAX_JAVA", "NATIVEFAX_ROOT", "NATIVEFAX_TEST_CLUSTER"}


def in_readme() -> Iterator[tuple[list[str], list[str]]]:
    """The names of each row, written out, and its defaults."""
    for line in README.splitlines():
        if line.startswith("| `NATIVEFAX_"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield written_out(re.findall(r"`([A-Z0-9_]+)`", cells[0])), cells[1].split(", ")


def written_out(names: list[str]) -> list[str]:
    """``NATIVEFAX_SMTP_HOST``, ``_PORT`` as two whole names; the prefix is the first one's."""
    prefix = next((one for one in prefixes() if names[0].startswith(one)), "NATIVEFAX_")
    return [prefix.removesuffix("_") + one if one.startswith("_") else one for one in names]


@cache
def classes() -> list[type[BaseSettings]]:
    """Every class of settings, by the modules that define one."""
    for package in ("services", "deploy"):
        for file in (PROJECT / package).rglob("*.py"):
            if "BaseSettings" in (text := file.read_text()) or "SmtpServerSettings)" in text:
                importlib.import_module(".".join(file.relative_to(PROJECT).with_suffix("").parts))
    return sorted(descendants(BaseSettings), key=lambda one: one.__name__)


def descendants(parent: type[BaseSettings]) -> set[type[BaseSettings]]:
    direct = {one for one in parent.__subclasses__() if one.__module__.startswith(("services.", "deploy."))}
    return direct.union(*(descendants(one) for one in direct))


@cache
def prefixes() -> list[str]:
    return sorted({str(one.model_config.get("env_prefix")) for one in classes()} - {""}, key=len, reverse=True)


def name_of(field: str, info: FieldInfo, settings: type[BaseSettings]) -> str:
    alias = info.validation_alias
    if isinstance(alias, AliasChoices):
        alias = str(alias.choices[0])
    return str(alias or f"{settings.model_config.get('env_prefix')}{field}").upper()


@pytest.fixture(scope="module")
def in_code() -> dict[str, FieldInfo]:
    found = {
        name_of(field, info, one): info
        for one in classes()
        if one.model_config.get("env_prefix")
        for field, info in one.model_fields.items()
    }
    return {name: info for name, info in found.items() if name not in INTERNAL and not name.startswith(ELSEWHERE)}


def test_every_setting_is_there_and_no_other(in_code: dict[str, FieldInfo]) -> None:
    told = {name for names, _ in in_readme() for name in names}
    assert sorted(in_code.keys() - told) == []
    assert sorted(told - in_code.keys() - WITHOUT_CLASS) == []


def test_its_numbers_are_those_of_the_code(in_code: dict[str, FieldInfo]) -> None:
    pairs = {
        name: (said, f"{info.default:g}" if isinstance(info.default, float) else str(info.default).lower())
        for names, defaults in in_readme()
        if len(names) == len(defaults)
        for name, said in zip(names, defaults, strict=True)
        if (info := in_code.get(name)) and isinstance(info.default, int | float) and PLAIN.fullmatch(said)
    }
    assert len(pairs) > 40
    assert {name: pair for name, pair in pairs.items() if pair[0] != pair[1]} == {}
