"""What an offline check says of a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assay.model.severity import Severity


class State(Enum):
    """VALID: the value proves itself. INVALID: it cannot be what it looks like. NOT_APPLICABLE: a revision or length that is not known."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Validation:
    """The state, the facts read from the value (never the value), and a severity where the facts call for another one."""

    state: State
    facts: tuple[str, ...] = ()
    severity: Severity | None = None


INVALID = Validation(State.INVALID)
NOT_APPLICABLE = Validation(State.NOT_APPLICABLE)
VALID = Validation(State.VALID)


def valid(*facts: str, severity: Severity | None = None) -> Validation:
    """A value that proves itself, with what it tells."""
    return Validation(State.VALID, tuple(fact for fact in facts if fact), severity)


def unproven(*facts: str, severity: Severity | None = None) -> Validation:
    """A value of the right form that carries no proof, with what it tells."""
    return Validation(State.NOT_APPLICABLE, tuple(fact for fact in facts if fact), severity)


def proven_if(condition: bool, *facts: str) -> Validation:
    """VALID with facts, or INVALID."""
    return valid(*facts) if condition else INVALID
