"""The portal as the process that runs: links and pages at one address, the first sign-in, an account that goes live.

On real Kafka, with a router whose table has to know the account.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services._runtime import topic_admin
from services._runtime.settings import KafkaSettings
from services.portal.inventory.seeding import DOMAIN, NUMBERS_OF_DOMAIN
from tests.fault.workers import eventually, workers
from tests.providers.cluster import Cluster
from tests.providers.portal import form_token

ACCOUNTS = f"/domains/{DOMAIN}/accounts"
FORM = {"phone_number": NUMBERS_OF_DOMAIN[0], "primary_user": "1001", "methods": "email", "handling": "portal"}
EMAIL, PASSWORD = "owner@reseller.example", "correct horse battery"


@pytest.fixture
def kafka(cluster: Cluster) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        topic_admin.apply_now(KafkaSettings())
        yield


def test_an_account_goes_live_in_the_process_that_runs(kafka: None, cluster: Cluster, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/portal.sqlite"
    environment = {
        **cluster.environment,
        "NATIVEFAX_PORTAL_DATABASE": url,
        "NATIVEFAX_PORTAL_FIRST_EMAIL": EMAIL,
        "NATIVEFAX_PORTAL_FIRST_PASSWORD": PASSWORD,
        "NATIVEFAX_PORTAL_SAMPLE": "true",
        "NATIVEFAX_PORTAL_URL": "http://127.0.0.1",
        "NATIVEFAX_LINKS_SECRET": "s" * 40,
    }
    with workers(tmp_path, environment, [["-m", "services", one] for one in ("portal", "router")]) as (portal, _):
        address = (portal._ready_file() or {})["address"]
        with httpx.Client(base_url=address, follow_redirects=True) as client:
            assert "This link does not work" in client.get("/f/nothing").text
            page = client.post("/sign-in", data={**_token(client.get("/")), "email": EMAIL, "password": PASSWORD})
            assert DOMAIN in page.text
            page = client.post(ACCOUNTS, data={**FORM, **_token(page)})
            account = re.search(r'data-account="([^"]+)"', page.text)
            assert account
            eventually("it is live", lambda: client.get(f"{ACCOUNTS}/live").json()[account.group(1)] == "live")
            page = client.get(ACCOUNTS)
            assert "becoming live" not in page.text


def _token(page: httpx.Response) -> dict[str, str]:
    return {"form_token": form_token(page.text)}
