"""The dialog's fields as typed, and the page of an enrolment code: what the tab and an account's page share."""

from typing import Final

from starlette.responses import Response

from services._runtime.translating import gettext
from services.portal.inventory.forms import AddAccount, PrimaryUser
from services.portal.inventory.views import Saved
from services.portal.web.gate import Visit
from services.portal.web.showing import show

CHOICES: Final = 500
"""Numbers and users offered before anything is typed; script asks for more."""

IN_DIALOG: Final = (
    "phone_number",
    "primary_user",
    "name",
    "email",
    "methods",
    "handling",
    "device_type",
    "serial_number",
)
"""The fields of the dialog; other refusals stand on top of it."""


def account_form(visit: Visit) -> AddAccount:
    """What was typed. Whoever is chosen by extension or name counts before somebody else's email."""
    somebody_else = PrimaryUser(name=visit.typed("name"), email=visit.typed("email"))
    known = PrimaryUser(written=visit.typed("primary_user"), name=somebody_else.name, email=somebody_else.email)
    return AddAccount(
        domain=visit.request.path_params["domain"],
        number=visit.typed("phone_number"),
        user=known if visit.typed("primary_user") else somebody_else,
        methods=visit.chosen("methods"),
        handling=visit.typed("handling"),
        device_type=visit.typed("device_type"),
        serial=visit.typed("serial"),
    )


async def code_page(visit: Visit, made: Saved, *, added: bool = False) -> Response:
    """The enrolment code, this once: it is in no address, no log and no database, and this page isn't kept."""
    domain = await visit.services.inventory.lists.domain(visit.actor, made.account.domain)
    return await show(
        visit,
        "code.html",
        title=gettext("Enrolment code"),
        domain=domain,
        account=made.account,
        secret=made.secret,
        added=added,
    )
