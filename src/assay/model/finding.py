"""What an engine claims: a flaw, at a place, with what backs the claim (SARIF `result`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from assay.model.component import Component
from assay.model.fix import Fix
from assay.model.location import Location
from assay.model.severity import Confidence, Severity


class VerificationState(Enum):
    """SUSPECTED: a pattern. CORROBORATED: a second, independent fact (a data flow, a checksum). REPRODUCED: executed proof."""

    SUSPECTED = "suspected"
    CORROBORATED = "corroborated"
    REPRODUCED = "reproduced"


@dataclass(frozen=True, slots=True)
class Verification:
    """State, the method that led to it, and what was seen, in words that hold no secret."""

    state: VerificationState = VerificationState.SUSPECTED
    method: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step of a data flow, source first: where, and which variable or call carries the value."""

    location: Location
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """That one engine or tool reported this flaw, in its own words and scale."""

    engine: str
    rule_id: str
    severity: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Introduced:
    """Where in a git history a flaw came from: the oldest commit that holds it, and whether it is still at HEAD.

    `date` is ISO 8601; `versions` counts the file versions that hold it. `commit` is "" where no commit does (a tag or note may).
    """

    commit: str
    author: str
    email: str
    date: str
    subject: str
    at_head: bool
    versions: int = 1


class Reach(Enum):
    """Whether the flawed part is used. UNDETERMINED is never shown, nor counted, as safe."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Exploit:
    """What is known of attacks: the EPSS probability, 0 to 1 (first.org/epss), and whether CISA lists the flaw as exploited."""

    epss: float | None = None
    known_exploited: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A flaw that one engine found.

    `rule_id` is the rule's path below the pack (`secrets/github-token`). `identity` is what makes two reports the same flaw, built from
    facts and never from message text: the keyed hash of a secret, purl and advisory, resource and class, or the normalised code of the
    sink; empty means "the normalised text of the region". `related` are further places of the same flaw. `cwe` are "CWE-<n>".
    `why` is the reason it matters here; `remediation`, where set, replaces the rule's text.
    `introduced` is known after a look at the history. `reach` and `exploit` move the priority, never the severity.
    """

    rule_id: str
    engine: str
    message: str
    severity: Severity
    confidence: Confidence
    location: Location
    identity: str = ""
    verification: Verification = field(default=Verification())
    related: tuple[Location, ...] = ()
    code_flow: tuple[FlowStep, ...] = ()
    cwe: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    component: Component | None = None
    evidence: tuple[Evidence, ...] = ()
    fixes: tuple[Fix, ...] = ()
    why: str = ""
    remediation: str = ""
    introduced: Introduced | None = None
    reach: Reach = Reach.UNDETERMINED
    exploit: Exploit | None = None

    def __post_init__(self) -> None:
        # INVARIANT: a claim has a rule, an engine and a place; without them it is not a finding.
        if not (self.rule_id and self.engine and self.location.uri):
            raise ValueError("a finding needs a rule id, an engine and a place")

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Total order by place, then rule: what makes reports byte-identical."""
        region = self.location.region
        return (self.location.uri, region.start_line, region.start_column, self.rule_id, self.identity)
