"""Every page of the portal, and who may ask for it. What is not in this table does not exist."""

from dataclasses import dataclass
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.portal.web import operating, operator_holds
from services.portal.web.account_pages import (
    account,
    account_settings,
    account_tokens,
    accounts,
    importing,
    jobs,
    moving,
    numbers,
    own,
    removed,
)
from services.portal.web.domain_pages import auditing, branding, domains, usage, user, users
from services.portal.web.fax_pages import (
    deleting,
    fax,
    fax_documents,
    faxes,
    holding,
    live,
    mailing,
    releasing,
    resending,
)
from services.portal.web.forms import FORM_BYTES
from services.portal.web.gate import ANYBODY, Answer, Gate, Rule
from services.portal.web.send_pages import sending, sending_away
from services.portal.web.services import Services
from services.portal.web.shipped import shipped
from services.portal.web.signing_in import language, portal_tokens, signing
from services.portal.web.signing_in.people import ROLES

SIGNED_IN: Final[Rule] = frozenset(ROLES)
RESELLER: Final[Rule] = frozenset({"reseller"})
OFFICE: Final[Rule] = frozenset({"reseller", "manager"})
MANAGER: Final[Rule] = frozenset({"manager"})
USER: Final[Rule] = frozenset({"user"})
OPERATOR: Final[Rule] = frozenset({"operator"})
SENDERS: Final[Rule] = frozenset({"manager", "user"})
FILES: Final = 52_000_000
"""Of a form with the files of a fax, in bytes: 50 MB, and what the form adds."""
READERS: Final[Rule] = frozenset({"reseller", "manager", "user"})
"""Who may see faxes at all; `services.portal.faxes.access` tells which."""


@dataclass(frozen=True)
class Page:
    """A route: how it is asked for, by whom, and who answers. Within a role, the inventory tells what is whose."""

    method: Literal["GET", "POST"]
    path: str
    rule: Rule
    answer: Answer
    most: int = FORM_BYTES


_D: Final = "/domains/{domain}"
_A: Final = _D + "/accounts/{account}"
_U: Final = _D + "/users/{user}"
_J: Final = _D + "/jobs/{job}"
_F: Final = "/fax/{fax}"
_S: Final = "/send/{draft}"

PAGES: Final = (
    Page("GET", "/", SIGNED_IN, signing.front),
    Page("GET", "/sign-in", ANYBODY, signing.sign_in_page),
    Page("POST", "/sign-in", ANYBODY, signing.sign_in),
    Page("POST", "/sign-out", SIGNED_IN, signing.sign_out),
    Page("GET", "/password", SIGNED_IN, signing.password_page),
    Page("POST", "/password", SIGNED_IN, signing.change_password),
    Page("POST", "/language", SIGNED_IN, language.choose_language),
    Page("GET", "/tokens", OFFICE, portal_tokens.portal_tokens),
    Page("POST", "/tokens", OFFICE, portal_tokens.make_token),
    Page("POST", "/tokens/{token}/revoke", OFFICE, portal_tokens.revoke_token),
    Page("GET", "/faxes", READERS, faxes.front),
    Page("GET", "/faxes/live", READERS, live.live),
    Page("GET", "/faxes/received", READERS, faxes.received),
    Page("GET", "/faxes/sent", READERS, faxes.sent),
    Page("GET", "/faxes/unclaimed", OFFICE, faxes.unclaimed),
    Page("GET", "/faxes/junk", MANAGER, faxes.junk),
    Page("GET", _F, READERS, fax.page),
    Page("GET", _F + "/thumbnail", READERS, fax_documents.thumbnail),
    Page("GET", _F + "/fax.pdf", READERS, fax_documents.pdf),
    Page("GET", _F + "/fax.tif", READERS, fax_documents.tiff),
    Page("GET", _F + "/page/{page}", READERS, fax_documents.page),
    Page("GET", _F + "/small/{page}", READERS, fax_documents.small_page),
    Page("POST", _F + "/again", SENDERS, resending.send_again),
    Page("POST", _F + "/forward", SENDERS, resending.forward),
    Page("POST", _F + "/cancel", SENDERS, resending.cancel),
    Page("GET", _F + "/mail", SENDERS, mailing.page),
    Page("POST", _F + "/mail", SENDERS, mailing.mail_it),
    Page("GET", _F + "/release", READERS, releasing.page),
    Page("POST", _F + "/release", READERS, releasing.release_it),
    Page("GET", _F + "/delete", SENDERS, deleting.page),
    Page("POST", _F + "/delete", SENDERS, deleting.delete_it),
    Page("GET", _F + "/hold", OFFICE, holding.fax_holds),
    Page("POST", _F + "/hold", OFFICE, holding.hold_fax),
    Page("POST", _F + "/hold/lift", OFFICE, holding.lift_fax),
    Page("GET", "/send", SENDERS, sending.new),
    Page("POST", "/send", SENDERS, sending.begin, FILES),
    Page("GET", _S, SENDERS, sending.draft),
    Page("POST", _S, SENDERS, sending.save, FILES),
    Page("POST", _S + "/discard", SENDERS, sending.discard),
    Page("GET", _S + "/preview", SENDERS, sending_away.preview),
    Page("GET", _S + "/pages/{number}", SENDERS, sending_away.picture),
    Page("POST", _S + "/now", SENDERS, sending_away.send),
    Page("GET", _S + "/sent", SENDERS, sending_away.sent),
    Page("GET", "/domains", RESELLER, domains.domains),
    Page("POST", "/domains", RESELLER, domains.add_domain),
    Page("GET", _D, OFFICE, domains.domain),
    Page("POST", _D + "/maximum", RESELLER, numbers.set_maximum),
    Page("GET", _D + "/accounts", OFFICE, accounts.accounts),
    Page("POST", _D + "/accounts", RESELLER, accounts.add_account),
    Page("GET", _D + "/accounts/live", OFFICE, accounts.liveness),
    Page("GET", _A, OFFICE, account.account),
    Page("POST", _A, OFFICE, account.change_account),
    Page("POST", _A + "/settings", OFFICE, account_settings.change_settings),
    Page("POST", _A + "/remove", RESELLER, account.remove_account),
    Page("POST", _A + "/code", OFFICE, account.new_code),
    Page("POST", _A + "/lock-out", OFFICE, account.lock_out),
    Page("POST", _A + "/tokens", OFFICE, account_tokens.make_token),
    Page("POST", _A + "/tokens/revoke", OFFICE, account_tokens.revoke_token),
    Page("GET", _D + "/numbers", OFFICE, numbers.numbers),
    Page("POST", _D + "/numbers", RESELLER, numbers.add_numbers),
    Page("POST", _D + "/numbers/{number}", RESELLER, numbers.set_treatment),
    Page("GET", _D + "/devices", OFFICE, numbers.devices),
    Page("GET", _D + "/removed", OFFICE, removed.removed),
    Page("GET", _D + "/users", OFFICE, users.users),
    Page("GET", _D + "/users/find", OFFICE, users.find),
    Page("POST", _D + "/users", OFFICE, users.add_user),
    Page("GET", _U, OFFICE, user.user),
    Page("POST", _U, OFFICE, user.change_user),
    Page("POST", _U + "/password", OFFICE, users.let_sign_in),
    Page("POST", _U + "/no-password", OFFICE, users.end_sign_in),
    Page("POST", _U + "/remove", OFFICE, users.remove_user),
    Page("GET", _D + "/import", RESELLER, importing.page),
    Page("POST", _D + "/import", RESELLER, importing.upload),
    Page("GET", _D + "/import/template.csv", RESELLER, importing.template),
    Page("GET", _D + "/export.csv", RESELLER, importing.export),
    Page("GET", _D + "/move", RESELLER, moving.move_page),
    Page("POST", _D + "/move", RESELLER, moving.move),
    Page("GET", _D + "/reassign", OFFICE, moving.reassign_page),
    Page("POST", _D + "/reassign", OFFICE, moving.reassign),
    Page("GET", _J, OFFICE, jobs.job),
    Page("POST", _J, OFFICE, jobs.take),
    Page("GET", _J + "/progress", OFFICE, jobs.progress),
    Page("GET", _J + "/refused.csv", OFFICE, jobs.refused_rows),
    Page("POST", _J + "/codes", OFFICE, jobs.codes),
    Page("GET", _D + "/holds", OFFICE, holding.domain_holds),
    Page("POST", _D + "/holds", OFFICE, holding.hold),
    Page("POST", _D + "/holds/lift", OFFICE, holding.lift),
    Page("GET", _D + "/usage", OFFICE, usage.one_domain),
    Page("GET", _D + "/usage.csv", OFFICE, usage.one_domain_file),
    Page("GET", "/usage", RESELLER, usage.every_domain),
    Page("GET", "/usage.csv", RESELLER, usage.every_domain_file),
    Page("GET", _D + "/audit", OFFICE, auditing.domain_audit),
    Page("GET", "/audit", RESELLER, auditing.audit),
    Page("GET", "/logos/{digest}.png", ANYBODY, branding.logo),
    Page("GET", "/brand", RESELLER, branding.brand),
    Page("POST", "/brand", RESELLER, branding.set_brand),
    Page("POST", "/brand/device-types", RESELLER, branding.add_device_type),
    Page("POST", "/brand/device-types/remove", RESELLER, branding.remove_device_type),
    Page("GET", "/numbers", USER, own.own),
    Page("GET", "/operations", OPERATOR, operating.stages),
    Page("GET", "/operations/dead-letters", OPERATOR, operating.letters),
    Page("POST", "/operations/dead-letters", OPERATOR, operating.deal),
    Page("GET", "/operations/dead-letters/{topic}/{offset}", OPERATOR, operating.letter),
    Page("GET", "/operations/retention", OPERATOR, operating.retention),
    Page("GET", "/operations/holds", OPERATOR, operator_holds.stray),
    Page("POST", "/operations/holds", OPERATOR, operator_holds.lift),
    Page("GET", "/operations/held-back", OPERATOR, operator_holds.held_back),
)


def routes(services: Services) -> list[BaseRoute]:
    """The pages, each behind its gate, and our own style and script, which are nobody's secret."""
    pages = [
        Route(
            page.path,
            Gate(services, page.rule, page.answer, signing.sign_in_again, page.most).__call__,
            methods=[page.method],
        )
        for page in PAGES
    ]
    return [Route("/static/{hashed}/{name}", _shipped), *pages]


async def _shipped(request: Request) -> Response:
    return shipped(request.path_params["hashed"], request.path_params["name"])
