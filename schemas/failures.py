"""Why things fail, as closed sets: a reason that isn't here can't be published."""

from typing import Literal, get_args

DeadLetterReason = Literal[
    "malformed-headers",  # the CloudEvents headers can't be read
    "unknown-event-type",  # the headers name an event this topic doesn't carry
    "malformed-json",
    "schema-violation",  # unknown fields, wrong types, values out of bounds
    "message-too-large",  # over 16 KiB
    "object-missing",  # the event names an object that isn't there
    "attempts-exhausted",
    "objects-not-deleted",  # the store refuses to delete some objects of an expired fax; the detail names them
    "unexpected-error",
]
"""Why a message was set aside in `<topic>-dlq`. An operator can replay it."""

RetryReason = Literal[
    "object-missing",
    "claim-held",  # another worker holds the effect's claim
    "mail-deferred",  # the mail server answered 4xx
    "objects-not-deleted",
    "handler-timeout",
    "unexpected-error",
]
"""Why a message waits in a retry topic."""

FaxFailure = Literal[
    # the document
    "empty",
    "not-a-tiff",
    "damaged-tiff",
    "unsupported-coding",
    "no-readable-page",
    "too-large",
    "too-many-pages",
    "page-too-large",
    "conversion-timeout",
    "conversion-crashed",
    # routing
    "caller-blocked",
    "number-unknown",
    "number-removed",
    # mail
    "mail-refused",
    "mail-deferred-too-long",
    "mail-bounced",
    # identity
    "source-key-reused",
    "expired",
]
"""What a person is told about a fax that didn't end as hoped."""

DEAD_LETTER_REASONS: frozenset[str] = frozenset(get_args(DeadLetterReason))
FAX_FAILURES: frozenset[str] = frozenset(get_args(FaxFailure))
