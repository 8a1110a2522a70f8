"""What the contract lets each process do."""

import pytest

from schemas.keys import FAXES
from schemas.rights import PROCESSES, STORE, SWITCH, kafka_rights
from schemas.topics import FAX_ACCOUNTS, FAX_HOLDS, FAX_READY, FAX_STATUS, FAX_TO_DIAL, TOPICS
from services.stages import STAGES


def test_every_stage_and_the_switch_have_rights_and_nobody_else() -> None:
    assert set(PROCESSES) == {*STAGES, SWITCH}
    named = {name for topic in TOPICS for name in (*topic.producers, *topic.readers)}
    assert named <= set(PROCESSES)


def test_groups_of_two_processes_never_share_a_prefix() -> None:
    assert not [(one, other) for one in PROCESSES for other in PROCESSES if one.startswith(f"{other}-")]


def test_a_consumer_may_read_its_topic_and_tiers_and_defer_or_set_aside_but_not_write_the_topic() -> None:
    router = kafka_rights("router")
    assert router.reads == {FAX_READY.name, "fax-ready-retry-*", FAX_ACCOUNTS.name}
    assert {"fax-ready-retry-*", FAX_READY.dead_letters, FAX_TO_DIAL.name, FAX_STATUS.name} <= router.writes
    assert FAX_READY.name not in router.writes
    assert FAX_READY.dead_letters not in router.reads
    assert router.groups == {"router", "router-*"}


def test_only_the_portal_writes_accounts_and_holds() -> None:
    for topic in (FAX_ACCOUNTS, FAX_HOLDS):
        assert [name for name in PROCESSES if topic.name in kafka_rights(name).writes] == ["portal"]


def test_only_who_consumes_has_a_group_and_a_gateway_that_reads_no_work_has_none() -> None:
    grouped = {name for name in PROCESSES if kafka_rights(name).groups}
    assert grouped == {"switch", "ingest", "ata", "router", "dialer", "email_out", "retention", "history"}


def test_retention_sees_how_far_ingest_is_and_only_the_portal_sees_everybody() -> None:
    assert kafka_rights("retention").watches == {"ingest", "ingest-*"}
    assert len(kafka_rights("portal").watches) == 2 * 8
    assert not [name for name in PROCESSES if kafka_rights(name).watches and name not in {"retention", "portal"}]


@pytest.mark.parametrize("process", PROCESSES)
def test_only_retention_deletes_of_faxes_and_history_its_own_records(process: str) -> None:
    of_faxes = [pattern for pattern in STORE[process].deletes if pattern.startswith(FAXES)]
    assert of_faxes == {"retention": ["fax/*"], "history": ["fax/*/record.json"]}.get(process, [])


@pytest.mark.parametrize("process", ["router", "bounces", "email_in", "telephony"])
def test_who_needs_no_document_reads_none(process: str) -> None:
    assert not [pattern for pattern in STORE[process].reads if pattern.endswith((".pdf", ".tif", "fax/*"))]
