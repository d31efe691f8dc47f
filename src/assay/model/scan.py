"""What was asked of a scan, what every engine and file came to, and what the gate says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assay.model.finding import Finding
from assay.model.severity import Confidence, Severity


class ScanType(Enum):
    """What a user may ask for; FULL is all of them."""

    SAST = "sast"
    SECRETS = "secrets"
    VULNERABILITIES = "vulnerabilities"
    LICENCES = "licences"
    PACKAGES = "packages"
    CONTAINERS = "containers"
    IAC = "iac"
    API = "api"
    AGENTS = "agents"
    FULL = "full"


class ScanMode(Enum):
    """STANDARD: everything. DIFF: what changed since a git ref. STAGED: the git index. HISTORY: every blob of every ref."""

    STANDARD = "standard"
    DIFF = "diff"
    STAGED = "staged"
    HISTORY = "history"


class EngineStatus(Enum):
    """What became of one engine. Only RAN means that its silence says something."""

    RAN = "ran"
    PARTIAL = "partial"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    MISSING = "missing"
    BROKEN = "broken"
    NOT_APPLICABLE = "not_applicable"
    NOT_REQUESTED = "not_requested"


class FileStatus(Enum):
    """What became of one file."""

    SCANNED = "scanned"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileAccount:
    """One file's fate. `reason` is a short fixed word (binary, too-large, ignored, unreadable, unsupported, changed-while-read, ...)."""

    uri: str
    status: FileStatus
    reason: str = ""
    detail: str = ""
    engines: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[type[FileAccount], tuple[object, ...]]:
        # Every file's account travels between processes: what dataclasses do by themselves takes five times as long.
        return FileAccount, (self.uri, self.status, self.reason, self.detail, self.engines)


@dataclass(frozen=True, slots=True)
class Notification:
    """Something a reader must know besides findings (SARIF `notification`). `level` is note, warning or error."""

    level: str
    message: str
    engine: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True)
class EngineRun:
    """What one engine did (SARIF `invocation`). `seconds` is its own working time, `started` is seconds after the scan's start."""

    engine: str
    version: str
    status: EngineStatus
    files: int = 0
    findings: int = 0
    rules: int = 0
    reason: str = ""
    advice: str = ""
    required: bool = True
    started: float = 0.0
    seconds: float = 0.0
    cached: int = 0
    notifications: tuple[Notification, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """The exact parameters of a scan, fixed before any target file is opened.

    `verify_secrets` None: no issuer of a secret is asked. Else issuers are, at these addresses for these rules instead of their own.
    `external` are the programs of others that look too, where one is there; `tool_files` pairs a program with a file that is given to it.
    `imports` are reports of others whose findings are taken over. `programs` is how many programs run at once, 0 for all of them.
    """

    root: str
    paths: tuple[str, ...] = ()
    types: tuple[ScanType, ...] = (ScanType.FULL,)
    severity: Severity = Severity.LOW
    mode: ScanMode = ScanMode.STANDARD
    base: str = ""
    fail_on: Severity | None = Severity.HIGH
    engines: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hygiene: bool = False
    context: bool = True
    offline: bool = True
    jobs: int = 1
    cache: bool = True
    max_file_bytes: int = 0
    file_seconds: float = 0.0
    engine_seconds: float = 0.0
    verify_secrets: tuple[tuple[str, str], ...] | None = None
    external: tuple[str, ...] = ()
    tool_files: tuple[tuple[str, str], ...] = ()
    imports: tuple[str, ...] = ()
    programs: int = 0


class BaselineState(Enum):
    """Against the baseline or base ref (SARIF `baselineState`). NONE: no baseline was given."""

    NEW = "new"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    ABSENT = "absent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Suppression:
    """That a finding is not active, why, and on whose word (SARIF `suppression`). `kind` is inSource or external; dates are YYYY-MM-DD."""

    kind: str
    reason: str
    owner: str = ""
    until: str = ""
    source: str = ""
    status: str = "accepted"


@dataclass(frozen=True, slots=True)
class TriagedFinding:
    """A finding with its lasting identity, its baseline state and its suppression.

    `fingerprint` is ours (`assay/v1`), `line_hash` the value code scanning expects as primaryLocationLineHash.
    """

    finding: Finding
    fingerprint: str
    line_hash: str = ""
    baseline: BaselineState = BaselineState.NONE
    suppression: Suppression | None = None

    @property
    def active(self) -> bool:
        """Whether the finding counts: present, and not suppressed."""
        suppressed = self.suppression is not None and self.suppression.status == "accepted"
        return not suppressed and self.baseline is not BaselineState.ABSENT


class Priority(Enum):
    """P0 fix now, P1 this sprint, P2 this quarter, P3 plan."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


@dataclass(frozen=True, slots=True)
class Factor:
    """One term of a score: what was seen, and how many points it moved."""

    name: str
    value: str
    points: float


@dataclass(frozen=True, slots=True)
class RankedFinding:
    """A triaged finding with its place in the order: priority, score 0-100, and every factor of the sum.

    `effort` is minutes, hours, days or sprints; `owner` who mends it; `controls` those of the enabled compliance frameworks that it
    breaks ("framework:id"); `threats` the ids of the threat model's threats for its component.
    """

    triaged: TriagedFinding
    priority: Priority
    score: float
    factors: tuple[Factor, ...] = ()
    effort: str = ""
    owner: str = ""
    controls: tuple[str, ...] = ()
    threats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """What blocks. `fail_on` per scan type overrides the general one; None never blocks. `new_only` looks at new findings only.

    A finding that breaks a control of an enabled compliance framework blocks from severity `fail_on_control` on.
    """

    fail_on: Severity | None = Severity.HIGH
    fail_on_type: tuple[tuple[ScanType, Severity | None], ...] = ()
    new_only: bool = False
    required: tuple[str, ...] = ()
    fail_on_control: Severity | None = Severity.MEDIUM


class VerdictResult(Enum):
    """PASSED, FAILED (the policy blocks), INCOMPLETE (a required engine did not look), NOTHING (no file to scan), WAITING (a human decides)."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    NOTHING = "nothing"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says and why. `blocking` holds fingerprints, `unlooked` the engines whose silence says nothing."""

    result: VerdictResult
    reasons: tuple[str, ...]
    blocking: tuple[str, ...] = ()
    escalated: tuple[str, ...] = ()
    unlooked: tuple[str, ...] = ()
    policy_digest: str = ""

    @property
    def exit_code(self) -> int:
        """The process exit code: 0, 1, 3, 4 or 5 (DESIGN section 5)."""
        return _EXIT_CODES[self.result]


_EXIT_CODES = {
    VerdictResult.PASSED: 0,
    VerdictResult.FAILED: 1,
    VerdictResult.INCOMPLETE: 3,
    VerdictResult.NOTHING: 4,
    VerdictResult.WAITING: 5,
}


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of the pipeline for `--trace`: name, start and end in seconds after the scan's start, status."""

    name: str
    started: float
    ended: float
    status: str


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """What reports need to know of a rule that a finding names."""

    id: str
    title: str
    description: str
    remediation: str
    severity: Severity
    confidence: Confidence
    cwe: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything a scan came to. Reports are functions of this value alone.

    `findings` are in the order to be read: highest priority first. `files` accounts for every file met. `interrupted` is true after Ctrl-C.
    """

    request: ScanRequest
    tool_version: str
    started_at: str
    seconds: float
    findings: tuple[RankedFinding, ...]
    files: tuple[FileAccount, ...]
    engines: tuple[EngineRun, ...]
    verdict: Verdict
    rules: tuple[RuleSummary, ...] = ()
    notifications: tuple[Notification, ...] = ()
    phases: tuple[Phase, ...] = ()
    config_file: str = ""
    commit: str = ""
    rules_digest: str = ""
    interrupted: bool = False

    @property
    def rules_count(self) -> int:
        """How many rules the engines that looked applied."""
        return sum(run.rules for run in self.engines)
