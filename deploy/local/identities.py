"""SeaweedFS's s3.json: who there is, and what each may do."""

import json
from collections.abc import Mapping
from typing import Any

from deploy.local.credentials import Login
from services._runtime.access.policies import policy

EVERYTHING = ("Admin", "Read", "List", "Tagging", "Write")


def s3_json(admin: Login, stages: Mapping[str, Login], bucket: str) -> str:
    """One who may do everything, and each process with its policy: what isn't in it is refused.

    Without a single statement a policy is invalid there, and others are then left out too: who needs nothing has none.
    """
    written = {name: policy(name, bucket) for name in stages}
    policies = {name: json.dumps(one) for name, one in written.items() if one["Statement"]}
    identities = [
        _identity("nativefax", admin) | {"actions": EVERYTHING},
        *(_identity(name, keys) | {"policyNames": [name][: name in policies]} for name, keys in stages.items()),
    ]
    named = [{"name": name, "content": content} for name, content in policies.items()]
    return json.dumps({"identities": identities, "policies": named})


def _identity(name: str, keys: Login) -> dict[str, Any]:
    return {"name": name, "credentials": [{"accessKey": keys.username, "secretKey": keys.password}]}
