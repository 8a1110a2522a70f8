"""Making a cluster ready for the stages: its bucket and its topics. Safe to repeat."""

import sys

import boto3
from botocore.exceptions import ClientError

from services._runtime import topic_admin
from services._runtime.settings import KafkaSettings, StoreSettings


def prepare() -> None:
    """Make the bucket and the topics that `schemas/topics.py` lists.

    Raises:
        KafkaError: The broker doesn't answer or refuses.
        BotoCoreError, ClientError: The store doesn't answer or refuses.
    """
    make_bucket(StoreSettings())
    applied = topic_admin.apply_now(KafkaSettings())
    sys.stderr.write(f"{len(applied.created)} topics made, {len(applied.configured)} configured\n")


def make_bucket(settings: StoreSettings) -> None:
    """Make the bucket unless it is there."""
    store = boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key.get_secret_value(),
        aws_secret_access_key=settings.secret_key.get_secret_value(),
    )
    try:
        store.create_bucket(Bucket=settings.bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise
