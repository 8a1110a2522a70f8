"""Fax accounts from a file: its page takes the file, a job does the rest (jobs.py)."""

from typing import Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from services._runtime.translating import N_, gettext
from services.portal.inventory.sheets import MOST_BYTES
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE
from services.portal.web.showing import domain_page, go, show

NO_FILE: Final = N_("Choose a CSV file first.")
TOO_LARGE: Final = N_("This file is too large: at most 10 MB at a time. Split it.")
NO_BRAND: Final = N_("Your brand is not set yet. Set it on the page Brand, then add fax numbers.")


async def page(visit: Visit) -> Response:
    """Choose a file, or look at the last ones."""
    return await _page(visit)


async def template(visit: Visit) -> Response:
    """A file to begin with."""
    domain = await visit.services.inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    return csv_file(visit.services.inventory.files.template(), f"fax-accounts-template-{plain(domain.name)}.csv")


async def export(visit: Visit) -> Response:
    """All fax accounts of a domain."""
    domain = await visit.services.inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    data = await visit.services.inventory.files.export_csv(visit.actor, domain.name)
    return csv_file(data, f"fax-accounts-{plain(domain.name)}.csv")


async def upload(visit: Visit) -> Response:
    """Take the file, and go to where one sees what would become of each row."""
    inventory, domain = visit.services.inventory, visit.request.path_params["domain"]
    file = visit.form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _page(visit, NO_FILE)
    data = await file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        return await _page(visit, TOO_LARGE)
    if await inventory.lists.brand(visit.actor.reseller) is None:
        return await _page(visit, NO_BRAND)
    job_id = await inventory.jobs.ask(visit.actor, "import", domain, data)
    return go(domain_page(domain, f"jobs/{job_id}"))


async def _page(visit: Visit, wrong: str = "") -> Response:
    inventory = visit.services.inventory
    domain = await inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    return await show(
        visit,
        "import.html",
        422 if wrong else 200,
        title=gettext("Import and export of {name}").format(name=domain.name),
        domain=domain,
        recent=await inventory.jobs.recent(visit.actor, domain.name, "import"),
        wrong=wrong,
    )


def csv_file(data: bytes, name: str) -> Response:
    """To keep; it runs nothing, whatever is in it."""
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(
        data, media_type="text/csv; charset=utf-8", headers={**headers, "Content-Security-Policy": "sandbox"}
    )


def plain(name: str) -> str:
    """A part of a file's name, in ASCII."""
    return "".join(one if one.isascii() and one.isalnum() else "-" for one in name)[:60]
