"""Fax accounts from a file: tried out first, with a reason for each refused row, then added as chosen."""

from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from services.portal.inventory.forms import ImportMode
from services.portal.inventory.views import Imported
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE
from services.portal.web.showing import show

SHOWN: Final = 200
"""Rows of a result on the page; the rest is counted."""

MODES: Final[tuple[ImportMode, ...]] = ("all-or-nothing", "good-rows")


async def page(visit: Visit) -> Response:
    """Choose a file."""
    return await _page(visit)


async def template(visit: Visit) -> Response:
    """A file to begin with."""
    domain = await visit.services.inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    return _file(visit.services.inventory.files.template(), f"fax-accounts-template-{_plain(domain.name)}.csv")


async def export(visit: Visit) -> Response:
    """All fax accounts of a domain."""
    domain = await visit.services.inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    data = await visit.services.inventory.files.export_csv(visit.actor, domain.name)
    return _file(data, f"fax-accounts-{_plain(domain.name)}.csv")


async def try_out(visit: Visit) -> Response:
    """What would become of each row. Nothing is written."""
    file = visit.form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _page(visit, wrong="Choose a CSV file first.")
    data = await file.read()
    result = await _imported(visit, data, "dry-run")
    return await _page(visit, result=result, rows=data.decode("utf-8-sig", "replace") if result.added else "")


async def take(visit: Visit) -> Response:
    """Add the rows: all, or those that can be."""
    mode = visit.typed("mode")
    if mode not in MODES:
        return await _page(visit, wrong="Choose what to do with rows that are refused.")
    rows = visit.form.get("rows", "")
    data = rows.encode() if isinstance(rows, str) else b""
    result = await _imported(visit, data, mode)
    return await _page(visit, result=result, taken=True)


async def _imported(visit: Visit, data: bytes, mode: ImportMode) -> Imported:
    domain = visit.request.path_params["domain"]
    return await visit.services.inventory.files.import_csv(visit.actor, domain, data, mode)


async def _page(visit: Visit, **shown: Any) -> Response:
    domain = await visit.services.inventory.lists.domain(visit.actor, visit.request.path_params["domain"])
    values: dict[str, Any] = {"result": None, "rows": "", "taken": False, "wrong": "", **shown}
    return await show(
        visit,
        "import.html",
        422 if values["wrong"] else 200,
        title=f"Import and export of {domain.name}",
        domain=domain,
        shown=SHOWN,
        **values,
    )


def _file(data: bytes, name: str) -> Response:
    """To keep; it runs nothing, whatever is in it."""
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(
        data, media_type="text/csv; charset=utf-8", headers={**headers, "Content-Security-Policy": "sandbox"}
    )


def _plain(name: str) -> str:
    """A part of a file's name, in ASCII."""
    return "".join(one if one.isascii() and one.isalnum() else "-" for one in name)[:60]
