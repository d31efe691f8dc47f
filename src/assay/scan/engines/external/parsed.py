"""What an adapter makes of a program's output."""

from __future__ import annotations

from dataclasses import dataclass

from assay.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a program's output says: findings, files it could not read each with the reason, and how many entries made no sense."""

    findings: tuple[Finding, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    lost: int = 0
