"""A policy for each process's identity at the object store, in the language of S3 (IAM policy, 2012-10-17).

SeaweedFS 4.48 enforces it as written; so do other stores with S3's policies. Nothing is granted beside it.
"""

from typing import Any, Final

from schemas.rights import STORE

VERSION: Final = "2012-10-17"

READ: Final = ("s3:GetObject",)
WRITE: Final = ("s3:PutObject", "s3:AbortMultipartUpload")
DELETE: Final = ("s3:DeleteObject", "s3:DeleteObjectVersion")
VERSIONS: Final = ("s3:GetObjectVersion",)
LOOK: Final = (
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListBucketMultipartUploads",
    "s3:GetBucketVersioning",
)


def policy(process: str, bucket: str, *, names_when_missing: bool = False) -> dict[str, Any]:
    """What `process` may do in `bucket`.

    Args:
        process: One of `schemas.rights.PROCESSES`.
        bucket: Its name.
        names_when_missing: Let whoever reads also list every name. Amazon S3 answers 403 instead of 404 for an object
            that isn't there to whoever may not list the bucket, and our stages ask for what may not be there. Names are
            dates, fax ids and digests.
    """
    rights = STORE[process]
    statements = [
        _objects(bucket, READ if not rights.deletes else READ + VERSIONS, rights.reads),
        _objects(bucket, WRITE, rights.writes),
        _objects(bucket, DELETE, rights.deletes),
    ]
    if rights.bucket:
        statements.append(_statement(LOOK, [_arn(bucket)]))
        statements.append(_objects(bucket, ("s3:AbortMultipartUpload",), ("*",)))
    elif names_when_missing and rights.reads:
        statements.append(_statement(("s3:ListBucket",), [_arn(bucket)]))
    elif rights.lists:
        below = {"s3:prefix": [f"{prefix}*" for prefix in rights.lists]}
        statements.append(_statement(("s3:ListBucket",), [_arn(bucket)]) | {"Condition": {"StringLike": below}})
    return {"Version": VERSION, "Statement": [one for one in statements if one["Resource"]]}


def _objects(bucket: str, actions: tuple[str, ...], patterns: tuple[str, ...]) -> dict[str, Any]:
    return _statement(actions, [f"{_arn(bucket)}/{pattern}" for pattern in patterns])


def _statement(actions: tuple[str, ...], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources}


def _arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"
