"""Proxies of the network around, which must not stand between parts of one machine."""

from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost")


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY and no_proxy as `environment` has them, with this machine's own addresses added."""
    given = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    listed = [host for host in given.split(",") if host]
    value = ",".join([*listed, *(host for host in LOOPBACK if host not in listed)])
    return {"NO_PROXY": value, "no_proxy": value}
