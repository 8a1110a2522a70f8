"""What pip's or venv's answer means, when setting up .venv failed."""

import sys

SHOWN_LINES = 12  # of an answer that is not understood
FAILURES = (  # the first of which a word is in the answer
    (
        ("No space left",),
        "The disk is full.",
        "Free some space and run the same command again.",
    ),
    (
        ("Read-only file system", "Permission denied"),
        ".venv cannot be written.",
        "Make the project's folder writable for this user, or work in a copy of the project elsewhere.",
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "A package is not the file this project pinned.",
        "Run the same command again. If it says so twice, do not use this package index.",
    ),
    (
        ("NewConnectionError", "name resolution", "ProxyError", "SSLError", "timed out", "ConnectionResetError"),
        "The package registry cannot be reached.",
        "Check the network and its proxy settings (HTTPS_PROXY), then run the same command again.",
    ),
    (
        ("No matching distribution",),
        "A pinned package has no build for Python {}.{} on this system.".format(*sys.version_info[:2]),
        "Use another Python: make PYTHON=python3.13 ...",
    ),
)


def explain(answer: str) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    for words, message, cure in FAILURES:
        if any(word in answer for word in words):
            return message, cure
    end = "\n".join(answer.splitlines()[-SHOWN_LINES:])
    return f"Setting up .venv failed:\n{end}", "Remove .venv and try again."
