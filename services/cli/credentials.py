"""`nativefax credentials`: a user and keys of its own for each stage, as files for compose or a cluster's secrets."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.credentials import Credentials, Login, load_credentials
from deploy.local.identities import s3_json
from deploy.local.parts import BUCKET, USERNAME
from deploy.local.programs import write_private
from schemas.rights import STORE, StoreRights
from services.cli.terminal import console

KAFKA = ("NATIVEFAX_KAFKA_USERNAME", "NATIVEFAX_KAFKA_PASSWORD")
STORE_KEYS = ("NATIVEFAX_STORE_ACCESS_KEY", "NATIVEFAX_STORE_SECRET_KEY")

app = typer.Typer()


@app.command(
    epilog="There is a file NAME.env for each, which only you can read. admin.env is for `nativefax topics apply` and "
    "the step that prepares a cluster, which makes the users; kafka.env and store.env are for those two themselves. "
    "Run again, the same come out.\n\nExample:\n\nnativefax credentials deploy/credentials"
)
def credentials(
    folder: Annotated[Path, typer.Argument(help="where to; what is there already stays as it is")],
    bucket: Annotated[
        str, typer.Option(help="the bucket that the keys are for", envvar="NATIVEFAX_STORE_BUCKET")
    ] = BUCKET,
) -> None:
    """Make a user and keys for each stage, as files for compose or a cluster's secrets."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = env_files(load_credentials(folder / "secrets.json"), bucket)
    for name, settings in files.items():
        write_private(folder / f"{name}.env", "".join(f"{key}={value}\n" for key, value in settings.items()))
    console().print(f"{len(files)} files in {folder}. Keep them as you keep keys.", highlight=False)


def env_files(made: Credentials, bucket: str) -> dict[str, dict[str, str]]:
    """File → its settings."""
    users, keys = made.kafka_users(), made.store_identities()
    stages = {
        name: _settings(KAFKA, users[name])
        | ({} if STORE[name] == StoreRights() else _settings(STORE_KEYS, keys[name]))
        for name in users
    }
    admin, store = Login(USERNAME, made.kafka_password), Login(made.store_access_key, made.store_secret_key)
    passwords = json.dumps({name: login.password for name, login in users.items()}, separators=(",", ":"))
    return stages | {
        "admin": _settings(KAFKA, admin) | _settings(STORE_KEYS, store) | {"NATIVEFAX_KAFKA_USER_PASSWORDS": passwords},
        "kafka": _settings(KAFKA, admin),
        "store": {"S3_JSON_BASE64": b64encode(s3_json(store, keys, bucket).encode()).decode()},
    }


def _settings(names: tuple[str, str], login: Login) -> dict[str, str]:
    return dict(zip(names, (login.username, login.password), strict=True))
