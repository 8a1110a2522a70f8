"""Requests of the Kafka protocol that aiokafka has no client for (https://kafka.apache.org/protocol).

Versions are the newest that every broker since 2.7 speaks and that need no tagged fields, where there is one.
"""

from collections.abc import Sequence
from typing import Any, Final

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)

_TEXT: Final = String("utf-8")
_SHORT_TEXT: Final = CompactString("utf-8")
NO_TAGS: Final[dict[int, bytes]] = {}


class CreateAcls(Request[CreateAclsRequest_v1]):  # type: ignore[misc]
    """Many at once: aiokafka's own request takes one."""

    API_KEY = CreateAclsRequest_v1.API_KEY

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = list(rows)

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        """See `Request`."""
        return request_struct_class(self._rows)


class DeleteAcls(Request[DeleteAclsRequest_v1]):  # type: ignore[misc]
    """Many at once, each by a filter that fits it alone."""

    API_KEY = DeleteAclsRequest_v1.API_KEY

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = list(rows)

    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> DeleteAclsRequest_v1:
        """See `Request`."""
        return request_struct_class(self._rows)


class _PasswordsSet(Response):  # type: ignore[misc]
    """AlterUserScramCredentials, version 0 (KIP-554)."""

    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", _SHORT_TEXT), ("error_code", Int16), ("error_message", _SHORT_TEXT), ("tags", TaggedFields)
            ),
        ),
        ("tags", TaggedFields),
    )


class _SetPasswords(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _PasswordsSet
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", _SHORT_TEXT), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", _SHORT_TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class SetPasswords(Request[_SetPasswords]):  # type: ignore[misc]
    """Users with their salted passwords: (name, mechanism, iterations, salt, salted password, no tags)."""

    API_KEY = 51

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = list(rows)

    def build(self, request_struct_class: type[_SetPasswords]) -> _SetPasswords:
        """See `Request`."""
        return request_struct_class([], self._rows, NO_TAGS)


class _Described(Response):  # type: ignore[misc]
    """Metadata, version 8 (KIP-430): the last whose answer tells what the asking user may do, without tagged fields."""

    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT))),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", _TEXT),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
        ("cluster_operations", Int32),
    )


class _Describe(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _Described
    SCHEMA = Schema(
        ("topics", Array(_TEXT)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class DescribeTopics(Request[_Describe]):  # type: ignore[misc]
    """Topics by name, with what the asking user may do to each as a bit field of operation codes."""

    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[_Describe]) -> _Describe:
        """See `Request`."""
        return request_struct_class(self._topics, False, False, True)
