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
    "password-protected",
    "unsupported-format",  # a kind of file nobody can fax
    "damaged-document",  # a kind of file that can be faxed, but this one can't be read
    "nothing-to-fax",  # no attachment and no text
    # routing
    "caller-blocked",
    "number-unknown",
    "number-removed",
    "method-not-enabled",
    "sender-not-allowed",
    "destination-invalid",
    "destination-blocked",
    "destination-premium",
    "destination-emergency",
    # dialling
    "busy",
    "no-answer",
    "no-fax-machine",  # answered, but never by a fax machine
    "line-trouble",  # the call broke off or its data was damaged
    "network-trouble",  # the call never came through: congestion, no route
    "number-unallocated",
    "call-rejected",
    "machine-incompatible",
    "file-fault",  # telephony can't send the pages that we made
    "telephony-away",  # no call was ever placed
    "outcome-unknown",  # a call was placed, and nobody knows how it ended
    "cancelled",
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
