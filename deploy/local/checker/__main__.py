"""``python -m deploy.local.checker MANIFEST.json``: one JSON line; exit status 0 only if all is well."""

import argparse
import json
import sys
from pathlib import Path

from deploy.local.checker.links import fetch
from deploy.local.checker.mails import mails_since
from deploy.local.checker.manifest import Manifest
from deploy.local.checker.sent import judge_sent
from deploy.local.checker.stored import Bucket
from deploy.local.checker.verdict import Verdict, World, judge
from services._runtime.settings import LinkSettings, StoreSettings


def check(manifest: Manifest) -> Verdict:
    """The verdict on what `manifest` says, with the store and the links' secret that NATIVEFAX_… name."""
    links = LinkSettings()
    bucket = Bucket(StoreSettings())
    world = World(
        mails=mails_since(manifest.maildir, manifest.started_at),
        stored=bucket.faxes_since(manifest.started_at),
        get=fetch,
        links_secret=links.links_secret.get_secret_value(),
        links_days=links.links_days,
    )
    verdict = judge(manifest.faxes, world, [fax.fax_id for fax in manifest.submitted])
    if manifest.far_end is not None:
        verdict.add(
            len(manifest.submitted), judge_sent(manifest.submitted, manifest.far_end, world.mails, bucket.dialled)
        )
    return verdict


def main() -> None:
    """Print the verdict, and on stderr what is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.checker",
        description="Check that what was handed over arrived, from the mailbox, the links and the store alone.",
    )
    parser.add_argument("manifest", type=Path, help="what was handed over: see deploy/local/checker/manifest.py")
    verdict = check(Manifest.model_validate_json(parser.parse_args().manifest.read_bytes()))
    for problem in verdict.problems:
        sys.stderr.write(f"✗ {problem}\n")
    sys.stdout.write(json.dumps(verdict.line()) + "\n")
    sys.exit(0 if verdict.ok else 1)


if __name__ == "__main__":
    main()
