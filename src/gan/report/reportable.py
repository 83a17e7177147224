"""Runs that a report can show: a damaged one is listed by name, without its results, beside the others."""

import logging

from gan.errors import one_line
from gan.formats import printable
from gan.report.markdown import markdown
from gan.report.page import is_current, write_page
from gan.report.score_charts import score_chart
from gan.report.tables import tables
from gan.runs.record import RunRecord

__all__ = ["reportable", "update_page"]

log = logging.getLogger(__name__)


def reportable(run: RunRecord) -> RunRecord:
    """Return the run, or its folder alone if no report can be made of its values.

    Files are checked when they are read. Whatever those checks leave is found here, before one run ends the report of
    all others.
    """
    try:
        for table in tables([run]):
            markdown(table)
            for axis in ("updates", "time") if table.score else ():
                score_chart(table, axis)
    except Exception as error:  # of any kind: the values may be anything
        failure = f"its values cannot be reported ({printable(one_line(error))})"
        return RunRecord(run.folder, {"name": run.folder.path.name}, failure=failure)
    return run


def update_page(run: RunRecord) -> None:
    """Write a run's page if there is none or the run has changed since; runs that fail do not write theirs."""
    try:
        if not is_current(run.folder):
            write_page(run)
    except Exception as error:  # of any kind: the other runs have pages
        log.warning("%s could not be written (%s)", run.folder.page, printable(one_line(error)))
