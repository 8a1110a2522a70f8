"""deploy/compose.yaml and the image: every stage is there, and takes what it is told."""

import json
import re
from base64 import b64decode
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from deploy.checks.helm import HERE
from deploy.local.credentials import Credentials
from services._runtime.access.settings import AccessSettings
from services._runtime.settings import KafkaSettings, StageSettings, StoreSettings
from services.cli.credentials import env_files
from services.stages import STAGES
from tests.unit.stage_settings import SETTINGS, names_of

COMPOSE: dict[str, Any] = yaml.safe_load((HERE / "deploy" / "compose.yaml").read_text())
DOCKERFILE = (HERE / "deploy" / "Dockerfile").read_text()
FILES = env_files(Credentials(), "nativefax")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def filled(value: object) -> str:
    """With a default where there is one, else with something."""
    given = re.sub(r"\$\{\w+:-((?:[^{}]|\{\})*)\}", r"\1", str(value))
    return re.sub(r"\$\{\w+(:\?[^}]*)?\}", "x" * 40, given)


def own_file(service: str) -> dict[str, str]:
    """What `nativefax credentials` puts into the file that a service reads."""
    [file] = SERVICES[service]["env_file"]
    assert filled(file).startswith("credentials/")
    return FILES[filled(file).removeprefix("credentials/").removesuffix(".env")]


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_a_service_that_takes_what_it_is_told(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = SERVICES[stage]
    assert service["command"] == [stage]
    told = own_file(stage) | {name: filled(value) for name, value in service["environment"].items()}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    read: tuple[type[BaseSettings], ...] = (KafkaSettings, StageSettings, *SETTINGS[stage])
    for settings in read:
        settings()


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_itself_and_nobody_else(stage: str) -> None:
    told = own_file(stage)
    assert told["NATIVEFAX_KAFKA_USERNAME"] == f"nativefax-{stage}"
    secrets = {value for name, value in told.items() if not name.endswith("_USERNAME")}
    assert not [other for other in STAGES if other != stage and secrets & set(own_file(other).values())]
    assert not secrets & {value for service in ("topics", "kafka", "store") for value in own_file(service).values()}


def test_who_prepares_may_do_everything_and_makes_everybodys_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**own_file("topics"), "NATIVEFAX_STORE_ENDPOINT": "http://store"}.items():
        monkeypatch.setenv(name, value)
    made = AccessSettings().user_passwords
    for stage in STAGES:
        assert made[stage].get_secret_value() == own_file(stage)["NATIVEFAX_KAFKA_PASSWORD"]
    assert own_file("kafka").items() <= own_file("topics").items()
    known = json.loads(b64decode(own_file("store")["S3_JSON_BASE64"]))["identities"]
    assert StoreSettings().access_key.get_secret_value() == known[0]["credentials"][0]["accessKey"]


def test_nothing_is_set_that_nobody_reads() -> None:
    read = {name for many in SETTINGS.values() for one in many for name in names_of(one)}
    known = read | {*names_of(KafkaSettings), "FORWARDED_ALLOW_IPS"}
    told = {name for stage in STAGES for name in SERVICES[stage]["environment"]}
    assert told <= known


def test_each_database_is_made() -> None:
    told = {
        str(value) for stage in STAGES for name, value in SERVICES[stage]["environment"].items() if "_DATABASE" in name
    }
    made = COMPOSE["configs"]["databases"]["content"]
    assert {one.rpartition("/")[2] for one in told} == set(re.findall(r"CREATE DATABASE (\w+);", made))


def test_no_service_publishes_health_and_pages_are_for_the_proxy_of_this_machine() -> None:
    published = [filled(one) for stage in STAGES for one in SERVICES[stage].get("ports", ())]
    assert not [one for one in published if one.endswith(":9100")]
    assert all(one.startswith("127.0.0.1:") for one in published if one.endswith(":8080"))
    assert len([one for one in published if one.endswith(":8080")]) == 4


def test_what_makes_pages_of_documents_runs_the_image_that_can() -> None:
    run = {stage for stage in STAGES if SERVICES[stage]["build"]["target"] == "documents"}
    assert run == {"api", "ingest"}
    assert {stage for stage in STAGES if SERVICES[stage]["image"].startswith("nativefax-documents:")} == run
    for target in ("nativefax", "documents"):
        assert f" AS {target}\n" in DOCKERFILE


def test_the_image_is_made_of_what_docker_is_given() -> None:
    """What isn't in .dockerignore's exceptions isn't there to be copied."""
    given = {line[1:] for line in (HERE / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {one for line in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE) for one in line.split()}
    assert copied == given
    assert all((HERE / one).exists() for one in given)
