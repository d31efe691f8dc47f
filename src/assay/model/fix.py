"""Edits that mend a flaw (SARIF `fix`, with Ruff's applicability)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assay.model.location import Location


class Applicability(Enum):
    """SAFE keeps the program's meaning; UNSAFE may change it; DISPLAY is only shown."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text at `location` by `replacement`."""

    location: Location
    replacement: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend a finding: edits, or a command for the user's shell, or both."""

    title: str
    edits: tuple[Edit, ...] = ()
    applicability: Applicability = Applicability.UNSAFE
    command: str = ""
