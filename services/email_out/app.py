"""The mail stage's wiring."""

from datetime import timedelta

from schemas.topics import EMAIL_REQUESTED
from services._runtime.claims import Claims
from services._runtime.languages import Languages
from services._runtime.links import Links
from services._runtime.service import Resources, run_stages
from services._runtime.settings import LanguageSettings, LinkSettings
from services._runtime.stage import Stage
from services._runtime.verp import Verp
from services.email_out.adapters import SmtpMailer
from services.email_out.handlers import EmailOut
from services.email_out.letters import Letters
from services.email_out.settings import MailSettings


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The mail stage: as many messages at once as half of max.poll.interval allows."""
    settings = MailSettings()
    mailer = SmtpMailer(settings)
    resources.stack.push_async_callback(mailer.close)
    blobs = resources.blobs()
    links = LinkSettings()
    handler = EmailOut(
        blobs=blobs,
        claims=Claims(blobs, resources.owner, settings.lease),
        mailer=mailer,
        letters=Letters(Links.of(links), Languages.read(LanguageSettings().languages)),
        max_attachment=settings.max_attachment_bytes,
        envelope_sender=settings.envelope_sender,
        verp=Verp(links.links_secret.get_secret_value(), settings.bounce_domain) if settings.bounce_domain else None,
    )
    timeout = settings.lease - timedelta(seconds=settings.lease_margin_seconds / 2)
    return (Stage("email_out", EMAIL_REQUESTED, handler.handle, timeout.total_seconds(), concurrency=16, batch=16),)


def main() -> None:
    """Run the mail stage."""
    run_stages("email_out", build)
