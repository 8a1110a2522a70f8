"""How the demo tells people of a fax's way."""

from rich.console import Console

from schemas.fax import FaxStatusChanged
from services._runtime.display import party
from services.cli.demo.faxes import DemoFax
from services.cli.demo.submissions import Planned
from services.cli.receiving import Way
from services.cli.sent_way import SentWay

ENDS = {"sent": "delivered", "failed": "failed", "refused": "refused"}
GOOD, BAD = "[green]✓[/green]", "[red]✗[/red]"


class Show:
    """What a person sees while the demo runs: each fax as it ends, and how far it is."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._handed = self._ended = 0
        self.status = console.status("calling")

    def handed_over(self) -> None:
        """One more fax is on its way."""
        self._handed += 1
        self._progress()

    def ended(self, fax: DemoFax, way: Way) -> None:
        """Two lines: the fax, and its steps with their times; a third if it didn't end as it should."""
        end = end_of(way)
        parties = f"{party(fax.incoming.caller_number)} → {party(fax.incoming.called_number)}"
        self._console.print(f"{GOOD if end == fax.expected.end else BAD} {fax.expected.name}  [dim]{parties}[/dim]")
        self._console.print(f"    {'  '.join(_told(way))}")
        if end != fax.expected.end:
            self._console.print(f"    [red]should end {fax.expected.end} ({fax.why or 'a call'}), ended {end}[/red]")
        self._ended += 1
        self._progress()

    def sent(self, planned: Planned, way: SentWay) -> None:
        """The same for a fax that a user submitted."""
        good = way.state == ENDS[planned.end]
        self._console.print(
            f"{GOOD if good else BAD} {planned.what}  [dim]by {planned.by} → {party(planned.number)}[/dim]"
        )
        self._console.print(f"    {'  '.join(_told(way))}" if way.steps else "    nothing was heard of it")
        if not good:
            self._console.print(f"    [red]should be {ENDS[planned.end]}, is {way.state}[/red]  {way.fax_id}")
        self._handed += 1
        self._ended += 1
        self._progress()

    def waits(self, fax: DemoFax, way: Way) -> None:
        """A fax that has not ended in time."""
        last = way.steps[-1].state if way.steps else "nothing was heard of it"
        self._console.print(f"{BAD} {fax.expected.name} [red]has not ended: {last}[/red]  {fax.fax_id}")

    def _progress(self) -> None:
        self.status.update(f"{self._handed} of {self._total} handed over, {self._ended} ended")


def end_of(way: Way) -> str:
    """``delivered``, ``partial`` or ``set-aside``, as the pipeline says."""
    if any(step.state == "unreadable" for step in way.steps):
        return "set-aside"
    return "partial" if any(step.partial for step in way.steps) else "delivered"


def _told(way: Way | SentWay) -> list[str]:
    seen: dict[tuple[str, str, str | None], FaxStatusChanged] = {}
    for step in sorted(way.steps, key=lambda one: (one.version, one.at)):
        seen.setdefault((step.stage, step.state, step.recipient), step)
    first = next(iter(seen.values()))
    accepted = f"[dim]accepted {first.accepted_at.astimezone():%H:%M:%S.%f}"[:-3] + "[/dim]"
    return [accepted, *(_step(step) for step in seen.values())]


def _step(step: FaxStatusChanged) -> str:
    after = f"+{(step.at - step.accepted_at).total_seconds():.2f} s"
    what = f"{step.state} ({step.rule})" if step.rule and step.rule not in {step.reason, step.state} else step.state
    return " ".join(filter(None, (what, step.recipient, step.reason, f"[dim]{after}[/dim]")))
