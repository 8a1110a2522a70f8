"""deploy/chart: what it says of the stages is what the code says, and what it renders is what they take."""

import ast
import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from deploy.checks.helm import CHART, HERE, RELEASE, rendered, run_helm
from deploy.checks.manifests import OPERATORS, faults
from schemas.rights import STORE, StoreRights
from schemas.topics import Topic
from services._runtime.settings import KafkaSettings, StageSettings, StoreSettings
from services.stages import STAGES
from tests.unit.stage_settings import SETTINGS, names_of

FACTS: dict[str, dict[str, Any]] = yaml.safe_load((CHART / "stages.yaml").read_text())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
SET_BY_THE_CHART = (
    "NATIVEFAX_KAFKA_",
    "NATIVEFAX_STORE_",
    *(f"NATIVEFAX_SMTP_{name}" for name in ("HOST", "PORT", "SECURITY", "CA_FILE", "BOUNCE_DOMAIN", "USERNAME")),
    *(f"NATIVEFAX_STAGE_{name}" for name in ("HOST", "PORT", "HEALTH_PORT", "RUN_DIR")),
    *(f"NATIVEFAX_{of}_{name}" for of in ("EMAIL_IN", "BOUNCES") for name in ("HOST", "PORT", "CERTIFICATE", "KEY")),
    *("NATIVEFAX_LINKS_DAYS", "NATIVEFAX_PORTAL_URL", "NATIVEFAX_API_URL"),
)
TYPOS = {
    "kafka.boostrap=kafka:9092": "'boostrap' not allowed",
    "stages.ruoter.replicas=2": "'ruoter' not allowed",
    "stages.router.replicas=two": "want integer",
    "settings.NATIVEFAX_DIALER_LINE=3": "'NATIVEFAX_DIALER_LINE' not allowed",
    "stages.portal.settings.NATIVEFAX_PORTAL_DATABASE=postgresql://": "'NATIVEFAX_PORTAL_DATABASE' not allowed",
    "mail.security=none": "'starttls', 'tls'",
    "kafka.bootstrap=": "Set kafka.bootstrap to your brokers",
    "mail.host=": "Set mail.host to the relay",
    "stages.api.autoscaling.by=lag": "api consumes nothing, so it has no lag",
    "stages.portal.hosts={fax.example}": "set ingress.enabled",
    "kafka.caFile=kafka.pem": "name that in certificateAuthorities",
    "kafka.bootstrap=kafka:9093": "add its port to networkPolicy.kafka.ports",
    "store.endpoint=https://store:8333": "add its port to networkPolicy.store.ports",
}


@cache
def manifests(example: str) -> list[dict[str, Any]]:
    return rendered(CHART / "examples" / f"{example}.yaml")


def of_kind(kind: str, example: str = "all") -> dict[str, dict[str, Any]]:
    found = [one for one in manifests(example) if one["kind"] == kind]
    return {one["metadata"]["name"].removeprefix(f"{RELEASE}-").replace("-", "_"): one for one in found}


def pod(stage: str, example: str = "all") -> dict[str, Any]:
    spec: dict[str, Any] = of_kind("Deployment", example)[stage]["spec"]["template"]["spec"]
    return spec


def environment(stage: str) -> dict[str, str]:
    (container,) = pod(stage)["containers"]
    return {one["name"]: one.get("value", _secret(one["name"])) for one in container["env"]}


def _secret(name: str) -> str:
    return "postgresql://user:password@host/database" if name.endswith("_DATABASE") else "s" * 40


def secret_keys(stage: str) -> set[str]:
    (container,) = pod(stage)["containers"]
    return {one["valueFrom"]["secretKeyRef"]["key"] for one in container["env"] if "valueFrom" in one}


def test_it_has_every_stage_in_order() -> None:
    assert list(FACTS) == list(VALUES["stages"]) == list(STAGES)
    assert set(SCHEMA["properties"]["stages"]["properties"]) == set(STAGES)
    assert set(of_kind("Deployment")) == set(STAGES)


def groups(stage: str) -> dict[str, str]:
    """Consumer group → topic, of every `Stage(…)` that the stage's module makes."""
    module = importlib.import_module(STAGES[stage].module)
    calls = [
        node
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Stage"
    ]
    made = [[_evaluated(argument, module) for argument in call.args[:2]] for call in calls]
    return {name: topic.name for name, topic in made if isinstance(topic, Topic)}


def _evaluated(argument: ast.expr, module: object) -> Any:
    return eval(compile(ast.Expression(argument), "app.py", "eval"), vars(module))


@pytest.mark.parametrize("stage", STAGES)
def test_its_facts_are_the_codes(stage: str) -> None:
    facts = FACTS[stage]
    assert facts.get("groups", {}) == groups(stage)
    assert ("store" in facts["needs"]) == (STORE[stage] != StoreRights())
    secrets = {name for one in SETTINGS[stage] for name, secret in names_of(one).items() if secret}
    told = {*facts.get("secret", []), *facts.get("optional", [])} - {"NATIVEFAX_SMTP_USERNAME"}
    told |= {"NATIVEFAX_STORE_ACCESS_KEY", "NATIVEFAX_STORE_SECRET_KEY"} if "store" in facts["needs"] else set()
    told |= {"NATIVEFAX_LINKS_SECRET"} if "links" in facts["needs"] else set()
    assert told == secrets


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_takes_what_it_is_told(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = environment(stage)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    read: tuple[type[BaseSettings], ...] = (KafkaSettings, StageSettings, *SETTINGS[stage])
    for settings in read:
        settings()
    known = {name for one in read for name in names_of(one)} | {"FORWARDED_ALLOW_IPS"}
    assert set(told) <= known, "it is told what it doesn't read"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stages_secrets_are_its_own(stage: str) -> None:
    (container,) = pod(stage)["containers"]
    from_secrets = {
        one["name"]: one["valueFrom"]["secretKeyRef"]["name"] for one in container["env"] if "valueFrom" in one
    }
    assert from_secrets.pop("NATIVEFAX_LINKS_SECRET", "fax-links") == "fax-links"
    assert set(from_secrets.values()) == {{"email_out": "mails"}.get(stage, f"{RELEASE}-{stage.replace('_', '-')}")}


def test_a_setting_is_known_by_name_and_no_secret_is_a_value() -> None:
    every: set[type[BaseSettings]] = {KafkaSettings, StoreSettings, StageSettings}
    every |= {one for many in SETTINGS.values() for one in many}
    open_names = {name for one in every for name, secret in names_of(one).items() if not secret}
    expected = {name for name in open_names if not name.startswith(SET_BY_THE_CHART)} | {"NATIVEFAX_LANGUAGES"}
    known = set(SCHEMA["definitions"]["settings"]["properties"])
    assert known == expected, "deploy/chart/values.schema.json, definitions.settings: add or remove what differs"


@pytest.mark.parametrize(("wrong", "words"), TYPOS.items())
def test_a_wrong_value_is_refused_in_words(wrong: str, words: str) -> None:
    answer = run_helm("template", RELEASE, str(CHART), "-f", str(CHART / "examples" / "least.yaml"), "--set", wrong)
    assert answer.returncode != 0
    assert words in answer.stderr


@pytest.mark.parametrize("example", ["all", "least", "few"])
def test_every_pod_is_without_rights(example: str) -> None:
    made = [one for one in manifests(example) if one["kind"] in {"Deployment", "Job"}]
    assert made
    for one in made:
        spec = one["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_the_time_it_takes_to_stop(stage: str) -> None:
    drain = StageSettings().max_poll_seconds / 2 if FACTS[stage].get("groups") else 0
    assert pod(stage)["terminationGracePeriodSeconds"] > drain + 10, "the pause before, and open responses"


def test_the_stage_scaled_by_lag_leaves_its_number_to_the_scaler() -> None:
    assert "replicas" not in of_kind("Deployment")["ingest"]["spec"]
    assert of_kind("Deployment")["router"]["spec"]["replicas"] == 3
    scaled = of_kind("ScaledObject")["ingest"]["spec"]
    assert {one["metadata"]["consumerGroup"]: one["metadata"]["topic"] for one in scaled["triggers"]} == groups(
        "ingest"
    )
    assert of_kind("HorizontalPodAutoscaler")["api"]["spec"]["maxReplicas"] == 4


def test_health_is_served_where_no_service_leads() -> None:
    (container,) = pod("portal")["containers"]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert environment("portal")["NATIVEFAX_STAGE_PORT"] == str(ports["web"])
    assert environment("portal")["NATIVEFAX_STAGE_HEALTH_PORT"] == str(ports["health"])
    assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": "health"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "health"}
    led_to = {port["targetPort"] for one in of_kind("Service").values() for port in one["spec"]["ports"]}
    assert led_to == {"web", "smtp"}


def test_a_stage_goes_only_where_it_needs_to() -> None:
    ways = {
        stage: sorted({port["port"] for rule in one["spec"]["egress"] for port in rule["ports"]}, key=str)
        for stage, one in of_kind("NetworkPolicy").items()
    }
    assert ways["router"] == [53, 8333, 9094]
    assert ways["dialer"] == [53, 5432, 9094]
    assert ways["email_out"] == [465, 53, 8333, 9094]
    assert ways["telephony"] == [443, 53, 8333, 9094]
    assert ways["portal"] == [53, 5432, 8333, 9094, "web"]
    assert ways["prepare"] == [53, 8333, 9094]


def test_it_carries_the_alerts_and_dashboards_of_this_release() -> None:
    (rule,) = (one for one in manifests("all") if one["kind"] == "PrometheusRule")
    assert rule["spec"] == yaml.safe_load((HERE / "deploy" / "alerts.yaml").read_text())
    (carried,) = (one for one in manifests("all") if one["kind"] == "ConfigMap")
    files = {one.name: one.read_text() for one in (HERE / "deploy" / "dashboards").glob("*.json")}
    assert carried["data"] == files


def test_a_field_that_kubernetes_does_not_know_is_a_fault() -> None:
    deployment = json.loads(json.dumps(of_kind("Deployment", "least")["router"]))
    assert not list(faults(deployment))
    deployment["spec"]["replicaas"] = 2
    assert "replicaas" in next(faults(deployment))
    assert "Couldn't find schema" in next(faults({**deployment, "kind": "Deploymentt"}))


def test_kinds_of_operators_are_only_made_when_asked_for() -> None:
    made = {one["kind"] for one in manifests("least")}
    assert made.isdisjoint({kind for kinds in OPERATORS.values() for kind in kinds})


def test_the_image_listens_where_the_chart_looks() -> None:
    dockerfile = (HERE / "deploy" / "Dockerfile").read_text()
    for name in ("NATIVEFAX_STAGE_HOST", "NATIVEFAX_STAGE_PORT", "NATIVEFAX_STAGE_HEALTH_PORT"):
        assert f"{name}={environment('portal')[name]}" in dockerfile


def test_the_readme_tells_every_secret() -> None:
    told = (CHART / "README.md").read_text()
    for stage in STAGES:
        (line,) = (one for one in told.splitlines() if one.startswith(f"| `{stage}` |"))
        assert {word.strip(" `") for word in line.split("|")[2].replace("optional", ",").split(",")} - {""} == (
            secret_keys(stage) - {"NATIVEFAX_KAFKA_USERNAME", "NATIVEFAX_KAFKA_PASSWORD"}
        )


def test_the_readme_names_only_values_there_are() -> None:
    told = (CHART / "README.md").read_text()
    rows = [one.split("|")[1] for one in told.splitlines() if one.startswith("| `") and "." in one.split("|")[1]]
    assert len(rows) > 10
    for path in [word.strip(" `") for row in rows for word in row.split(",")]:
        found: Any = {**VALUES, "stages": {**VALUES["stages"], "STAGE": {**VALUES["defaults"]}}}
        for key in path.split("."):
            assert key in found, f"{path}: there is no such value"
            found = found[key]


def test_the_readmes_values_are_enough(tmp_path: Path) -> None:
    told = (CHART / "README.md").read_text()
    _, _, after = told.partition("# values-fax.yaml\n")
    values = tmp_path / "values.yaml"
    values.write_text("".join(line.strip() + "\n" for line in after.partition("\n\n")[0].splitlines()))
    assert {one["kind"] for one in rendered(values)} >= {"Deployment", "NetworkPolicy", "Job"}
