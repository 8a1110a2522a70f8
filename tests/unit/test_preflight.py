"""Each thing that can stand in the way of a start is named with its cure."""

import json
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.local import preflight, seaweedfs
from deploy.local.credentials import Credentials
from deploy.local.errors import SetupError
from deploy.local.java import find_java
from deploy.local.kafka import KafkaNode


class Usage(NamedTuple):
    free: int


def refuse_system(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(platform, "machine", lambda: "aarch64")


def fill_disk(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shutil, "disk_usage", lambda _root: Usage(free=5 << 20))


def hide_weed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "executable", "/nowhere/python")
    patch.setattr(seaweedfs.shutil, "which", lambda _name: None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arrange", "part", "message", "cure"),
    [
        (refuse_system, "store", "this is Linux on aarch64", "NATIVEFAX_STORE_ENDPOINT"),
        (hide_weed, "store", "no package for this system", "NATIVEFAX_STORE_ENDPOINT"),
        (fill_disk, "kafka", "5 MB left", "Free some space"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arrange: Callable[[pytest.MonkeyPatch], None],
    part: str,
    message: str,
    cure: str,
) -> None:
    arrange(monkeypatch)
    with pytest.raises(SetupError, match=message) as refused:
        preflight.check_machine(tmp_path, [part])
    assert cure in refused.value.cure


def test_parts_that_run_elsewhere_need_nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_system(monkeypatch)
    monkeypatch.setenv("NATIVEFAX_JAVA", "/nowhere/java")
    preflight.check_machine(tmp_path, [])


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ('openjdk version "17.0.15" 2025-04-15', True),
        ('openjdk version "25" 2025-09-16', True),
        ('java version "1.8.0_402"', False),
        ('openjdk version "11.0.22" 2024-01-16', False),
    ],
)
def test_an_old_java_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, accepted: bool) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho '{answer}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("NATIVEFAX_JAVA", str(java))
    if accepted:
        assert find_java() == java
    else:
        with pytest.raises(SetupError, match=r"Kafka needs 17 or newer") as refused:
            find_java()
        assert "Unset NATIVEFAX_JAVA" in refused.value.cure


def test_no_cluster_id_looks_like_an_option_to_kafkas_tools() -> None:
    assert not [one for one in (Credentials().kafka_cluster_id for _ in range(500)) if one.startswith("-")]


def test_kafka_finds_its_folder_whatever_it_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "Büro 100% №1 \\ 📠"
    told = node(folder).properties("127.0.0.1", folder / "data")
    (line,) = [one for one in told.splitlines() if one.startswith("log.dirs=")]
    assert line.isascii()
    assert json.loads(f'"{line.removeprefix("log.dirs=")}"') == str(folder / "data")


@pytest.mark.parametrize("name", ["Smith, Jones & Co", "a:b"])
def test_a_folder_kafka_would_take_for_two_is_refused_before_anything_is_fetched(tmp_path: Path, name: str) -> None:
    with pytest.raises(SetupError, match="a comma or a colon") as refused:
        node(tmp_path / name).prepare(print)
    assert "NATIVEFAX_ROOT" in refused.value.cure


def node(folder: Path) -> KafkaNode:
    return KafkaNode(
        folder=folder,
        cache=folder / "cache",
        port=9092,
        controller_port=9093,
        username="nativefax",
        password="secret",
        users={},
        cluster_id="9Ft1vC7rT0mM2yHq8cVnZg",
    )
