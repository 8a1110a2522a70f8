"""Making a cluster ready for the stages: its bucket, its topics, its users and their rights. Safe to repeat."""

import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from schemas.keys import CLAIMS, DRAFTS, FAXES
from services._runtime import topic_admin
from services._runtime.access.applying import grant_now
from services._runtime.access.settings import AccessSettings
from services._runtime.settings import KafkaSettings, StoreSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import LifecycleRuleUnionTypeDef

LAST_RESORT_DAYS = 400
"""The store itself deletes what is older; retention deletes after 365 days, so this only acts when that is broken."""

DRAFT_DAYS = 2
"""So it does with drafts of the portal, which throws them away after a day."""


def prepare() -> None:
    """Make the bucket with its lifecycle rules, the topics that `schemas/topics.py` lists, and the stages' rights.

    Raises:
        KafkaError: The broker doesn't answer or refuses.
        NotAdministrator: The broker refuses this user.
        BotoCoreError, ClientError: The store doesn't answer or refuses.
    """
    store = StoreSettings()
    make_bucket(store)
    if not set_lifecycle(store):
        sys.stderr.write("the store has no lifecycle rules: only the retention stage deletes old faxes\n")
    applied = topic_admin.apply_now(KafkaSettings())
    sys.stderr.write(f"{len(applied.created)} topics made, {len(applied.configured)} configured\n")
    granted = grant_now(KafkaSettings(), AccessSettings())
    if granted.unguarded:
        sys.stderr.write("the cluster has no authorizer: every user may do everything\n")
    if granted.difference is not None:
        sys.stderr.write(f"{len(granted.difference.missing)} rights added, {len(granted.difference.extra)} removed\n")


def make_bucket(settings: StoreSettings) -> None:
    """Make the bucket unless it is there."""
    try:
        _client(settings).create_bucket(Bucket=settings.bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise


def set_lifecycle(settings: StoreSettings) -> bool:
    """Have the store delete faxes and claims after 400 days, and drafts; beside whatever other rules the bucket has.

    Returns:
        Whether the store supports it.
    """
    client = _client(settings)
    mine = [
        _rule("nativefax-faxes", FAXES, LAST_RESORT_DAYS),
        _rule("nativefax-claims", CLAIMS, LAST_RESORT_DAYS),
        _rule("nativefax-drafts", DRAFTS, DRAFT_DAYS),
    ]
    try:
        others = [rule for rule in _rules(client, settings.bucket) if rule.get("ID") not in {one["ID"] for one in mine}]
        client.put_bucket_lifecycle_configuration(
            Bucket=settings.bucket, LifecycleConfiguration={"Rules": [*others, *mine]}
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NotImplemented", "MethodNotAllowed", "XNotImplemented"}:
            return False
        raise
    return True


def _rules(client: "S3Client", bucket: str) -> "list[LifecycleRuleUnionTypeDef]":
    try:
        return [*client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        return []


def _rule(name: str, prefix: str, days: int) -> "LifecycleRuleUnionTypeDef":
    return {
        "ID": name,
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
    }


def _client(settings: StoreSettings) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key.get_secret_value(),
        aws_secret_access_key=settings.secret_key.get_secret_value(),
    )
