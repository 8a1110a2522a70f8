"""`python -m deploy.checks`: the chart renders, with each example, into what Kubernetes takes; the alerts fire."""

import sys

from deploy.checks import promtool
from deploy.checks.helm import CHART, helm, rendered, run_helm
from deploy.checks.manifests import faults
from deploy.local.errors import SetupError


def check() -> list[str]:
    """What is wrong with the chart, in words."""
    found = []
    for values in sorted((CHART / "examples").glob("*.yaml")):
        linted = run_helm("lint", str(CHART), "--strict", "--quiet", "--values", str(values))
        if linted.returncode:
            found.append(f"helm lint, {values.name}: {linted.stdout}{linted.stderr}")
        try:
            manifests = rendered(values)
        except ValueError as error:
            found.append(f"helm template, {values.name}: {error}")
        else:
            found += [f"{values.name}: {fault}" for manifest in manifests for fault in faults(manifest)]
            sys.stderr.write(f"deploy/chart, {values.name}: {len(manifests)} manifests\n")
    return found


def main() -> None:
    """Check; exit status 1 if anything is wrong."""
    try:
        helm()
    except SetupError as error:
        sys.exit(f"{error}\n  {error.cure}")
    found = [*check(), *promtool.faults()]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
