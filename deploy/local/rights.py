"""Users and rights in a Kafka of ours: each process of the pipeline is let in as itself."""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from deploy.local.credentials import USER_PREFIX
from schemas.rights import PROCESSES
from services._runtime.access.applying import grant_now
from services._runtime.access.settings import AccessSettings
from services._runtime.settings import KafkaSettings

SettingsOf = Callable[[str], Mapping[str, str]]
"""A process's own settings: `deploy.local.parts.Part.settings_of`."""


def grant_rights(kafka: KafkaSettings, settings_of: SettingsOf) -> None:
    """Make the user of each process that has a password, and give them their rights.

    Where none has one, Kafka runs elsewhere: its users are its owner's to make.

    Raises:
        KafkaError: Kafka doesn't answer.
    """
    own = {name: settings_of(name).get("NATIVEFAX_KAFKA_PASSWORD") for name in PROCESSES}
    passwords = {name: SecretStr(password) for name, password in own.items() if password is not None}
    if passwords:
        grant_now(kafka, AccessSettings(user_prefix=USER_PREFIX, user_passwords=passwords, acls=True))
