"""What a file means here: exposure, data, tier, environment, owner. From `.assay/context.yaml`, else inferred from facts, with evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import msgspec

from assay.model.errors import ConfigError
from assay.model.framework import FRAMEWORKS
from assay.scan.triage.suppression_file import glob_match, load_yaml

CONTEXT_FILE = Path(".assay") / "context.yaml"
_ADVICE = "see docs/context.md for what may stand there"


class Exposure(Enum):
    """Who can reach the code."""

    INTERNET = "internet"
    PARTNER = "partner"
    INTERNAL = "internal"
    NONE = "none"


class Data(Enum):
    """What it handles: personal, health, cardholder data, or credentials of others."""

    PII = "pii"
    PHI = "phi"
    PCI = "pci"
    CREDENTIALS = "credentials"


class Tier(Enum):
    """How much depends on it. PRODUCTION has users who were promised something."""

    PROTOTYPE = "prototype"
    INTERNAL = "internal"
    PRODUCTION = "production"


class Environment(Enum):
    """Where it runs."""

    RUNTIME = "runtime"
    TEST = "test"
    EXAMPLE = "example"
    BUILD = "build"


class Topic(Enum):
    """What a fact is about. VALUES lists what may be said."""

    EXPOSURE = "exposure"
    DATA = "data"
    TIER = "tier"
    ENVIRONMENT = "environment"
    OWNER = "owner"
    AUTHENTICATED = "authenticated"
    REACHABLE = "reachable"
    CONTROL = "compensating-control"
    AGENT = "agent-written"


VALUES: Mapping[Topic, frozenset[str]] = {
    Topic.EXPOSURE: frozenset(one.value for one in Exposure),
    Topic.DATA: frozenset(one.value for one in Data),
    Topic.TIER: frozenset(one.value for one in Tier),
    Topic.ENVIRONMENT: frozenset(one.value for one in Environment),
    Topic.AUTHENTICATED: frozenset({"true", "false"}),
    Topic.REACHABLE: frozenset({"true", "false"}),
    Topic.AGENT: frozenset({"true", "false"}),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was seen about some files: `path` is a glob below the root, `line` narrows it to one line (0: the whole file).

    `evidence` is where it was seen, in words. Engines and the scan make facts; nothing here opens a file.
    """

    topic: Topic
    path: str
    value: str
    evidence: str
    line: int = 0

    def __post_init__(self) -> None:
        # INVARIANT: the score's tables have a row for every value; a typo in an engine must not pass as "unknown".
        if self.topic in VALUES and self.value not in VALUES[self.topic]:
            raise ValueError(f"no {self.topic.value} {self.value!r}")


@dataclass(frozen=True, slots=True)
class Known:
    """A value with where it comes from. `inferred` is false where a human declared it."""

    value: str
    evidence: str
    inferred: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of one place; what is not known is None or empty, and moves no score."""

    component: str = ""
    exposure: Known | None = None
    data: tuple[Known, ...] = ()
    tier: Known | None = None
    environment: Known | None = None
    owner: Known | None = None
    authenticated: Known | None = None
    reachable: Known | None = None
    control: Known | None = None
    agent: Known | None = None
    compliance: frozenset[str] = frozenset()
    threats: tuple[str, ...] = ()


class ComponentFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One component as written. Every part but the name and paths is optional."""

    name: str
    paths: list[str]
    exposure: Exposure | None = None
    data: list[Data] = []
    tier: Tier | None = None
    sla: str = ""
    environment: Environment | None = None
    compliance: list[str] = []
    owner: str = ""
    authenticated: bool | None = None
    compensating_control: str = ""
    threats: list[str] = []


class ContextFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as written. What stands at the top holds for every component that says nothing else."""

    version: int = 1
    exposure: Exposure | None = None
    data: list[Data] = []
    tier: Tier | None = None
    compliance: list[str] = []
    owner: str = ""
    components: list[ComponentFile] = []


@dataclass(frozen=True, slots=True)
class Context:
    """The declared file and the facts; asks nothing else. `named` are the paths that the user asked for by name."""

    declared: ContextFile = field(default_factory=ContextFile)
    facts: tuple[Fact, ...] = ()
    source: str = str(CONTEXT_FILE)
    named: tuple[str, ...] = ()

    def at(self, uri: str, line: int = 0) -> Setting:
        """What is known of a file, or of one line of it. What a human declared beats what was inferred."""
        part = _component(self.declared, uri)
        return Setting(
            component=part.name,
            exposure=self._one(Topic.EXPOSURE, part.exposure or self.declared.exposure, uri, line),
            data=self._data(part, uri, line),
            tier=self._one(Topic.TIER, part.tier or self.declared.tier, uri, line),
            environment=self._one(Topic.ENVIRONMENT, part.environment, uri, line)
            or environment_of(self._within(uri)),
            owner=self._one(Topic.OWNER, part.owner or self.declared.owner, uri, line),
            authenticated=self._one(Topic.AUTHENTICATED, part.authenticated, uri, line),
            reachable=self._one(Topic.REACHABLE, None, uri, line),
            control=self._one(Topic.CONTROL, part.compensating_control, uri, line),
            agent=self._one(Topic.AGENT, None, uri, line),
            compliance=frozenset(part.compliance) | frozenset(self.declared.compliance),
            threats=tuple(part.threats),
        )

    def _within(self, uri: str) -> str:
        """The path below what was asked for: who names a folder of examples wants to know of it, whatever it is called."""
        for name in self.named:
            if name and uri.startswith(name.rstrip("/") + "/"):
                return uri[len(name.rstrip("/")) + 1 :]
        return uri

    def _one(self, topic: Topic, declared: object, uri: str, line: int) -> Known | None:
        if declared not in (None, ""):
            text = declared.value if isinstance(declared, Enum) else str(declared).lower()
            return Known(text if topic is not Topic.OWNER else str(declared), self.source, inferred=False)
        facts = self._facts(topic, uri, line)
        if not facts:
            return None
        best = min(facts, key=lambda fact: (_WEIGHT.get((topic, fact.value), 0), fact.path, fact.evidence))
        # CODEOWNERS: the last line that matches decides.
        chosen = facts[-1] if topic is Topic.OWNER else best
        return Known(chosen.value, chosen.evidence)

    def _data(self, part: ComponentFile, uri: str, line: int) -> tuple[Known, ...]:
        declared = part.data or self.declared.data
        if declared:
            return tuple(Known(one.value, self.source, inferred=False) for one in declared)
        facts = {fact.value: fact.evidence for fact in reversed(self._facts(Topic.DATA, uri, line))}
        return tuple(Known(value, facts[value]) for value in sorted(facts))

    def _facts(self, topic: Topic, uri: str, line: int) -> list[Fact]:
        return [
            fact
            for fact in self.facts
            if fact.topic is topic and fact.line in (0, line) and glob_match(fact.path, uri)
        ]


# Where facts disagree the one that means more risk counts: of two ways in, the open one is the one that matters.
_WEIGHT: Mapping[tuple[Topic, str], int] = {
    (Topic.EXPOSURE, "internet"): -3,
    (Topic.EXPOSURE, "partner"): -2,
    (Topic.EXPOSURE, "internal"): -1,
    (Topic.TIER, "production"): -2,
    (Topic.TIER, "internal"): -1,
    (Topic.AUTHENTICATED, "false"): -1,
    (Topic.REACHABLE, "true"): -1,
    (Topic.AGENT, "true"): -1,
    (Topic.ENVIRONMENT, "runtime"): -1,
}

_TEST_FOLDERS = frozenset(
    {"test", "tests", "testing", "__tests__", "spec", "specs", "fixtures", "testdata", "mocks", "e2e"}
)
_EXAMPLE_FOLDERS = frozenset({"examples", "example", "samples", "sample", "demo", "demos", "docs", "doc"})
_BUILD_FOLDERS = frozenset({".github", ".gitlab", ".circleci", "ci", ".ci", "scripts", "build", "tools"})


def environment_of(uri: str) -> Known | None:
    """Test, example or build by the folders and names in use; None if the path says nothing."""
    *folders, name = uri.lower().split("/")
    stem = name.split(".")[0]
    middle = name.split(".")[1:-1]
    is_test = (
        stem.startswith("test_") or stem.endswith(("_test", "_spec")) or bool({"test", "spec"} & set(middle))
    )
    if is_test or name == "conftest.py" or _TEST_FOLDERS.intersection(folders):
        return Known(Environment.TEST.value, f"the path {uri}")
    if _EXAMPLE_FOLDERS.intersection(folders):
        return Known(Environment.EXAMPLE.value, f"the path {uri}")
    if _BUILD_FOLDERS.intersection(folders[:1]):
        return Known(Environment.BUILD.value, f"the path {uri}")
    return None


def read_context(path: Path, facts: Sequence[Fact] = (), named: tuple[str, ...] = ()) -> Context:
    """The context of a project; without the file only the facts.

    Raises:
        ConfigError: the file cannot be read, does not parse, or says something that is not allowed.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Context(facts=tuple(facts), named=named)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", _ADVICE) from error
    return Context(parse_context(data, str(path)), tuple(facts), named=named)


def parse_context(data: bytes, name: str) -> ContextFile:
    """A context file's bytes.

    Raises:
        ConfigError: the text does not parse, or says something that is not allowed.
    """
    document = load_yaml(data, name, _ADVICE)
    if document is None:
        return ContextFile()
    try:
        declared = msgspec.convert(document, ContextFile)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}", _ADVICE) from error
    if declared.version != 1:
        raise ConfigError(f"{name}: version {declared.version} is not known", "allowed: 1")
    for framework in _frameworks(declared):
        if framework not in FRAMEWORKS:
            known = ", ".join(sorted(FRAMEWORKS))
            raise ConfigError(f"{name}: no compliance framework {framework[:40]!r}", f"known: {known}")
    return declared


def show(context: Context, uris: Iterable[str]) -> str:
    """Every value for each file, with where it comes from: what `assay context show` prints."""
    lines: list[str] = []
    for uri in uris:
        setting = context.at(uri)
        lines.append(f"{uri}" + (f"  ({setting.component})" if setting.component else ""))
        for name, known in values_of(setting):
            how = "inferred from" if known.inferred else "declared in"
            lines.append(f"  {name}: {known.value}  [{how} {known.evidence}]")
        if setting.compliance:
            lines.append(f"  compliance: {', '.join(sorted(setting.compliance))}")
    return "\n".join(lines) + "\n" if lines else ""


def values_of(setting: Setting) -> Iterable[tuple[str, Known]]:
    """The values that are known, by name."""
    named = (
        ("exposure", setting.exposure),
        *(("data", one) for one in setting.data),
        ("tier", setting.tier),
        ("environment", setting.environment),
        ("owner", setting.owner),
        ("authenticated", setting.authenticated),
        ("reachable", setting.reachable),
        ("compensating control", setting.control),
        ("agent-written", setting.agent),
    )
    return ((name, known) for name, known in named if known is not None)


def _component(declared: ContextFile, uri: str) -> ComponentFile:
    """The component with the longest path that matches."""
    matching = [
        (len(path), -place, part)
        for place, part in enumerate(declared.components)
        for path in part.paths
        if glob_match(path, uri)
    ]
    return max(matching, key=lambda item: item[:2])[2] if matching else ComponentFile("", [])


def _frameworks(declared: ContextFile) -> Iterable[str]:
    yield from declared.compliance
    for part in declared.components:
        yield from part.compliance
