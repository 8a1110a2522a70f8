"""Whether manifests are what Kubernetes takes: held against its own schemas, which a package carries, offline."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import kubernetes_validate
from kubernetes_validate import utils

VERSIONS: Final = ("1.30", "1.37")
"""The oldest that Chart.yaml takes, and the newest whose schemas there are."""

OPERATORS: Final = {
    "keda.sh/v1alpha1": {"ScaledObject", "TriggerAuthentication"},
    "monitoring.coreos.com/v1": {"PodMonitor", "PrometheusRule"},
}
"""Kinds of operators: no package carries their schemas."""

utils.schema_contents = cache(utils.schema_contents)  # it reads 1.8 MB for every manifest


def faults(manifest: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a manifest, in words; a field that Kubernetes doesn't know is."""
    name = f"{manifest['kind']}/{manifest['metadata']['name']}"
    if manifest["kind"] in OPERATORS.get(manifest["apiVersion"], ()):
        return
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{name}, Kubernetes {version}, {'.'.join(map(str, error.path))}: {error.message[:300]}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield f"{name}: {error.message}"
