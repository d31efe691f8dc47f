"""The scan's clock: phases with their times, for `--trace`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from assay.model.scan import Phase


class Trace:
    """Phases as they pass. With SOURCE_DATE_EPOCH (reproducible-builds.org) set, times are that one and durations zero."""

    def __init__(self) -> None:
        self._epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
        self._began = time.monotonic()
        started = (
            datetime.fromtimestamp(int(self._epoch), UTC) if self._epoch.isdigit() else datetime.now(UTC)
        )
        self.started_at = started.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.phases: list[Phase] = []

    @property
    def reproducible(self) -> bool:
        """Whether no measured time may reach a report."""
        return self._epoch.isdigit()

    def seconds(self) -> float:
        """Seconds since the start, 0 when reproducible."""
        return 0.0 if self.reproducible else round(time.monotonic() - self._began, 3)

    @contextmanager
    def phase(self, name: str) -> Iterator[list[str]]:
        """Record one phase. The body may append words to the list: they become its status."""
        began = self.seconds()
        said: list[str] = []
        status = "failed"
        try:
            yield said
            status = ", ".join(said) or "done"
        finally:
            self.phases.append(Phase(name, began, self.seconds(), status))
