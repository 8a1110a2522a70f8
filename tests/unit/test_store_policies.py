"""The policy of each process at the object store."""

import json

import pytest
from typer.testing import CliRunner

from schemas.rights import PROCESSES, STORE
from services._runtime.access.policies import policy
from services.cli.errors import Refused
from services.cli.store import app


def actions(process: str, *, names_when_missing: bool = False) -> set[str]:
    written = policy(process, "faxes", names_when_missing=names_when_missing)
    return {action for one in written["Statement"] for action in one["Action"]}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_policy_only_allows_and_names_only_our_bucket(process: str) -> None:
    for one in policy(process, "faxes")["Statement"]:
        assert one["Effect"] == "Allow"
        assert one["Resource"]
        assert all(
            where == "arn:aws:s3:::faxes" or where.startswith("arn:aws:s3:::faxes/") for where in one["Resource"]
        )


@pytest.mark.parametrize("process", PROCESSES)
def test_who_deletes_nothing_has_no_action_that_deletes(process: str) -> None:
    assert bool(STORE[process].deletes) == any("Delete" in one for one in actions(process))


def test_whoever_reads_may_list_names_where_missing_objects_would_be_forbidden() -> None:
    assert "s3:ListBucket" not in actions("bounces")
    assert "s3:ListBucket" in actions("bounces", names_when_missing=True)


def test_a_listing_is_bound_to_its_prefixes() -> None:
    [listing] = [one for one in policy("router", "faxes")["Statement"] if one["Action"] == ["s3:ListBucket"]]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["fax/*"]}}


def test_the_command_prints_what_a_store_takes() -> None:
    printed = CliRunner().invoke(app, ["policy", "router", "--bucket", "faxes", "--strict"])
    assert json.loads(printed.output) == policy("router", "faxes")


@pytest.mark.parametrize("process", ["dialer", "nobody"])
def test_the_command_says_who_needs_no_policy(process: str) -> None:
    assert isinstance(CliRunner().invoke(app, ["policy", process]).exception, Refused)
