"""Which settings each stage reads, to hold what deploys it against."""

from pydantic_settings import BaseSettings

from services._runtime.history import HistorySettings
from services._runtime.settings import LinkSettings, StoreSettings
from services.dialer.settings import DialerSettings
from services.email_out.settings import MailSettings
from services.ingest.api.settings import ApiSettings
from services.ingest.ata.settings import AtaSettings
from services.ingest.bounces.settings import BounceSettings
from services.ingest.email_in.settings import EmailInSettings
from services.ingest.settings import DocumentSettings
from services.ingest.telephony.settings import TelephonySettings
from services.portal.faxes.settings import FaxesSettings
from services.portal.sending.settings import SendingSettings
from services.portal.web.settings import PortalSettings
from services.retention.settings import RetentionSettings

SETTINGS: dict[str, tuple[type[BaseSettings], ...]] = {
    "email_in": (StoreSettings, EmailInSettings),
    "api": (StoreSettings, HistorySettings, ApiSettings, DocumentSettings),
    "ata": (StoreSettings, AtaSettings),
    "telephony": (StoreSettings, TelephonySettings),
    "ingest": (StoreSettings, DocumentSettings),
    "router": (StoreSettings,),
    "dialer": (DialerSettings,),
    "email_out": (StoreSettings, LinkSettings, MailSettings),
    "bounces": (StoreSettings, LinkSettings, BounceSettings),
    "retention": (StoreSettings, RetentionSettings),
    "history": (StoreSettings, HistorySettings),
    "portal": (StoreSettings, LinkSettings, PortalSettings, FaxesSettings, SendingSettings),
}
"""What a stage reads beside Kafka's and its own process's settings."""


def names_of(settings: type[BaseSettings]) -> dict[str, bool]:
    """Environment variable → whether it is secret."""
    prefix = settings.model_config.get("env_prefix", "")
    return {
        getattr(field.validation_alias, "choices", [f"{prefix}{name.upper()}"])[0]: "SecretStr" in str(field.annotation)
        for name, field in settings.model_fields.items()
    }
