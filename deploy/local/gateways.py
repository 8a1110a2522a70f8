"""The settings of the stages that people and machines reach, and of those that keep state, on this machine."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from deploy.local.certificate import make_certificate
from deploy.local.credentials import Credentials

PORTS = ("portal", "api", "ata", "telephony", "email_in")
"""Each of these stages has a port that stays the same; the first four serve it by HTTP beside their health."""

FAX_DOMAIN = "fax.localhost"
RELAY = "local"
SWITCH = "local"
DATABASES = ("history", "ata", "dialer", "portal")
FIRST_EMAIL = "reseller@localhost.example"
"""Who signs in to the portal first."""


def gateway_settings(root: Path, ports: Mapping[str, int], credentials: Credentials) -> dict[str, str]:
    """Settings by name: for the stages hashes of the secrets, for the commands of this machine the secrets."""
    certificate, key = root / "email_in" / "certificate.pem", root / "email_in" / "key.pem"
    make_certificate(certificate, key)
    (root / "databases").mkdir(mode=0o700, parents=True, exist_ok=True)
    urls = {name: f"http://127.0.0.1:{ports[name]}" for name in PORTS}
    return {
        **{f"NATIVEFAX_{one.upper()}_DATABASE": f"sqlite:///{root / 'databases' / one}.sqlite" for one in DATABASES},
        "NATIVEFAX_PORTAL_URL": urls["portal"],
        "NATIVEFAX_PORTAL_SAMPLE": "true",
        "NATIVEFAX_PORTAL_FIRST_EMAIL": FIRST_EMAIL,
        "NATIVEFAX_PORTAL_FIRST_PASSWORD": credentials.portal_password,
        "NATIVEFAX_PORTAL_FIRST_TOKEN_SHA256": _hash(credentials.portal_token),
        "NATIVEFAX_PORTAL_TOKEN": credentials.portal_token,
        "NATIVEFAX_API_URL": urls["api"],
        "NATIVEFAX_API_TOKEN": credentials.api_token,
        "NATIVEFAX_PORTAL_API_TOKEN": credentials.portal_api_token,
        "NATIVEFAX_API_SERVICE_TOKENS": json.dumps(
            [
                {"name": "cli", "sha256": _hash(credentials.api_token), "scopes": ["faxes:read", "faxes:send"]},
                {"name": "portal", "sha256": _hash(credentials.portal_api_token), "scopes": ["faxes:send"]},
            ]
        ),
        "NATIVEFAX_ATA_URL": urls["ata"],
        "NATIVEFAX_TELEPHONY_URL": urls["telephony"],
        "NATIVEFAX_TELEPHONY_TOKEN": credentials.switch_token,
        "NATIVEFAX_TELEPHONY_SWITCHES": json.dumps({SWITCH: _hash(credentials.switch_token)}),
        "NATIVEFAX_EMAIL_IN_PORT": str(ports["email_in"]),
        "NATIVEFAX_EMAIL_IN_DOMAINS": json.dumps([FAX_DOMAIN]),
        "NATIVEFAX_EMAIL_IN_CERTIFICATE": str(certificate),
        "NATIVEFAX_EMAIL_IN_KEY": str(key),
        "NATIVEFAX_EMAIL_IN_RELAYS": json.dumps([_relay(credentials.relay_password)]),
        "NATIVEFAX_EMAIL_IN_RELAY_PASSWORD": credentials.relay_password,
        "NATIVEFAX_SIMULATOR_FOLDER": str(root / "telephony"),
    }


def _relay(password: str) -> dict[str, str]:
    return {"name": RELAY, "password_sha256": _hash(password), "vouches_for": "envelope-sender"}


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
