"""The history of faxes: a row for each, and its steps, as the stage `history` projects them from `fax-status`.

Everybody may read (`History`); only `services/portal/history` writes. A database is made by
``migrate(engine, "services._runtime.history")``.
"""

from services._runtime.history.reading import History
from services._runtime.history.rows import Cursor, Direction, FaxRow, Page, Usage, Whose
from services._runtime.history.settings import HistorySettings

__all__ = ["Cursor", "Direction", "FaxRow", "History", "HistorySettings", "Page", "Usage", "Whose"]
