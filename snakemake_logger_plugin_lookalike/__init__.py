"""`snakemake --logger lookalike`: one line that says how far the run is, in place of some for each
job. Warnings and errors stand above it, whole.

Snakemake finds it by its name where it is on Python's path: in the folder of the workflow, for
`python -m snakemake`.
"""

import logging
import os
import sys
import threading
import time
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

# Each of a job, or of the settings of a run.
UNSHOWN = {
    LogEvent.GROUP_INFO,
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.PROGRESS,
    LogEvent.RESOURCES_INFO,
    LogEvent.SHELLCMD,
    LogEvent.WORKFLOW_STARTED,
}
UNSHOWN_TEXTS = ("Select jobs to execute...", "Conda environments: ignored", "Using shell: ")
CLEAR = "\r\033[K"


class LogHandler(LogHandlerBase):
    """A bar in a terminal; elsewhere, a line when a stage begins and when it is done."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        from snakemake.logging import ColorizingTextHandler

        self.stream = sys.stdout if self.common_settings.stdout else sys.stderr
        # Shows what is not about progress as Snakemake itself does.
        self.plain = ColorizingTextHandler(self.common_settings.nocolor, self.stream)
        self.is_terminal = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.progress: Any = None
        self.keys: dict[int, Any] = {}
        self.is_told = False
        self.ended = threading.Event()
        if self.is_terminal:
            threading.Thread(target=self.keep_drawing, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take up what a record says of progress, or show it."""
        try:
            news = self.take_up(record)
            if self.is_shown(record):
                self.clear()
                self.plain.setFormatter(self.formatter)
                self.plain.emit(record)
                self.draw()
            if news and not self.is_terminal:
                self.stream.write(f"{news}; {self.progress.text(record.created)}\n")
                self.stream.flush()
        except Exception:
            self.handleError(record)

    def is_shown(self, record: logging.LogRecord) -> bool:
        """Return whether a record is not of the many that the bar stands for."""
        if record.levelno >= logging.WARNING:
            return True
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO and hasattr(record, "forecast"):
            # In place of Snakemake's table of rules, and once, where a dry run tells it twice.
            record.msg = record.forecast.text()
            is_new, self.is_told = not self.is_told, True
            return is_new
        quiet = event in UNSHOWN or hasattr(record, "quietness")
        return not quiet and not str(record.msg).startswith(UNSHOWN_TEXTS)

    def take_up(self, record: logging.LogRecord) -> str | None:
        """Note what a record says of progress; return it if a stage begins or is done."""
        event, now = getattr(record, "event", None), record.created
        if event == LogEvent.RUN_INFO and not self.common_settings.dryrun:
            from lookalike.workflow.progress import Progress

            if forecast := getattr(record, "forecast", None):
                self.progress = Progress(forecast, now)
        if self.progress is None:
            return None
        said = vars(record)
        if event == LogEvent.JOB_INFO:
            key = (said["rule_name"], *said["wildcards"].values())
            self.keys[said["jobid"]] = key
            stage = self.progress.begin(key, said["rule_name"], now)
            return stage and f"{stage}: begun"
        if event == LogEvent.JOB_FINISHED:
            stage = self.progress.finish(self.keys.get(said["job_id"]), now)
            return stage and f"{stage}: done"
        if event == LogEvent.JOB_ERROR:
            self.progress.fail(self.keys.get(said["jobid"]))
        return None

    def keep_drawing(self) -> None:
        """Draw every second, as the time left changes also while no job ends."""
        while not self.ended.wait(1):
            self.acquire()
            try:
                self.draw()
            finally:
                self.release()

    def clear(self) -> None:
        """Remove the bar."""
        if self.is_terminal:
            self.stream.write(CLEAR)

    def draw(self) -> None:
        """Draw the bar in a terminal, while jobs are left."""
        progress = self.progress
        if self.is_terminal and progress and not self.ended.is_set():
            is_over = len(progress.done) == len(progress.jobs)
            # In the last column, some terminals begin a new line; some do not know their width.
            width = (os.get_terminal_size(self.stream.fileno()).columns or 80) - 1
            self.stream.write(CLEAR + ("" if is_over else progress.line(time.time(), width)))
            self.stream.flush()

    def close(self) -> None:
        """Remove the bar for good."""
        self.ended.set()
        self.clear()
        self.stream.flush()
        super().close()
