"""`nativefax languages`: catalogues of the portal and the mails, begun, brought up to date, and judged."""

from pathlib import Path
from typing import Annotated, Final

import typer
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po
from rich.console import Console

from services._runtime.catalogues import SUFFIX, Catalogue, CatalogueUnreadable, locale_of, read_catalogue, source_of
from services.cli.errors import Refused
from services.cli.terminal import console
from services.cli.texts import extracted

SHOWN: Final = 20
"""Missing texts that are named, without `--all`."""

app = typer.Typer(help="Translations of the portal and the mails.", no_args_is_help=True)


@app.command(epilog="Example:\n\nnativefax languages extract nativefax.pot")
def extract(
    file: Annotated[Path, typer.Argument(help="where to write them: a .pot, as translators' tools read it")],
) -> None:
    """Write every text that there is to translate."""
    texts = extracted()
    with file.open("wb") as opened:
        write_po(opened, texts, width=100)
    console().print(f"{len(texts)} texts are in {file}.")


@app.command(epilog="Example:\n\nnativefax languages update languages/de.po")
def update(
    file: Annotated[Path, typer.Argument(help="a catalogue called by its language's tag: de.po, pt-BR.po")],
) -> None:
    """Begin a catalogue, or bring one up to date: new texts come, old ones go, what is translated stays."""
    found = _opened(file)
    found.update(extracted(), no_fuzzy_matching=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        write_po(opened, found, width=100, ignore_obsolete=True)
    left = sum(1 for one in found if one.id and not any(_forms(one.string)))
    console().print(f"{file}: {len(found)} texts, {left} of them to be translated.")


@app.command(epilog="Example:\n\nnativefax languages check languages")
def check(
    folder: Annotated[Path, typer.Argument(help="where the catalogues are, as in NATIVEFAX_LANGUAGES")],
    *,
    every: Annotated[bool, typer.Option("--all", help="name every text that is missing")] = False,
) -> None:
    """Say how complete each catalogue is, and which of its texts can't be used. Exit status 1 if one can't."""
    files = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not files:
        raise Refused(f"There is no catalogue in {folder}. Begin one: nativefax languages update {folder}/de{SUFFIX}")
    told, texts = console(), [source_of(one) for one in extracted() if one.id]
    try:
        judged = [_tell(read_catalogue(file), texts, told, None if every else SHOWN) for file in files]
    except CatalogueUnreadable as error:
        raise Refused(str(error)) from error
    if not all(judged):
        raise typer.Exit(1)


def _tell(catalogue: Catalogue, texts: list[str], told: Console, most: int | None) -> bool:
    """Whether all that it has can be used."""
    missing = [one for one in texts if one not in catalogue.texts]
    done = len(texts) - len(missing)
    share = f"{100 * done // len(texts)} %"
    told.print(
        f"{catalogue.language.tag} ({catalogue.language.name}): {done} of {len(texts)} texts, {share}", markup=False
    )
    for fault in catalogue.faults:
        told.print(f"  can't be used: {fault.text!r}: {fault.what}", markup=False)
    for text in missing[:most]:
        told.print(f"  missing: {text!r}", markup=False)
    if most is not None and len(missing) > most:
        told.print(f"  and {len(missing) - most} more; --all names them", markup=False)
    return not catalogue.faults


def _opened(file: Path) -> Catalog:
    """The catalogue as it is, or a new one of its language."""
    try:
        locale = locale_of(file)
        if not file.exists():
            return Catalog(locale=locale, header_comment="# The portal and the mails of Native Fax.", fuzzy=False)
        with file.open("rb") as opened:
            return read_po(opened, locale=locale, abort_invalid=True)
    except CatalogueUnreadable as error:
        raise Refused(str(error)) from error
    except (PoFileError, ValueError) as error:
        raise Refused(f"{file} can't be read as a gettext catalogue: {error}") from error


def _forms(string: str | tuple[str | None, ...] | list[str] | None) -> list[str]:
    return [string] if isinstance(string, str) else [one or "" for one in string or ()]
