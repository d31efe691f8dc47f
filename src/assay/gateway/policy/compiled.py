"""A policy document compiled once to closures, and their evaluation: pure, no clock, no file, no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from assay.gateway.policy.document import Document, PolicyFile, Resources, StatementFile, Subjects
from assay.gateway.policy.expression import FIELDS, ExpressionError, Facts, compile_expression
from assay.gateway.policy.names import NameSet, PathSet, Place, first_name, name_set, path_set
from assay.model.decision import Action, Call, Effect, Reason, Subject
from assay.model.errors import ConfigError


class Seen(NamedTuple):
    """One action of a call, with what sets and conditions need: the place for a path, the canonical host."""

    action: Action
    place: Place | None = None
    host: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says of a call. `shadow` are reasons of statements that only observe."""

    effect: Effect
    reasons: tuple[Reason, ...]
    matched: tuple[str, ...]
    errors: tuple[str, ...]
    shadow: tuple[Reason, ...]
    obligations: tuple[str, ...]
    revision: str


Test = Callable[[Seen, Facts], bool]


@dataclass(frozen=True, slots=True)
class Statement:
    """One compiled statement. `keys` are what an action must literally have (a path's root, a host, a branch) for the tests to hold at all."""

    id: str
    effect: Effect
    reason: str
    instead: str
    applies: Test
    shadow: bool
    agents: frozenset[str]
    actions: tuple[str, ...]
    keys: frozenset[tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """The statements that may concern a verb and agent: those to test always, and those to test only when a key is met."""

    always: tuple[Statement, ...]
    keyed: dict[str, dict[str, tuple[Statement, ...]]]
    by_first: dict[str, tuple[Statement, ...]]
    """Those keyed by a path, by the first name of it: what a path with wildcards, or a whole folder, may concern."""


@dataclass(slots=True)
class Policy:
    """A compiled policy. Statements are looked up by verb, agent and key, so that a call meets only those that may concern it."""

    document: Document
    statements: tuple[Statement, ...]
    default: Effect
    shadow: bool
    kept_places: tuple[str, ...] = ()
    """Where files lie that statements refuse to have read: absolute, or below `~`."""
    _by_verb: dict[tuple[str, str], Candidates] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """The digest of the document."""
        return self.document.revision

    def candidates(self, verb: str, agent: str) -> Candidates:
        """The statements whose actions and agents fit."""
        key = (verb, agent)
        found = self._by_verb.get(key)
        if found is None:
            found = _candidates(
                [
                    each
                    for each in self.statements
                    if any(_fits(pattern, verb) for pattern in each.actions)
                    and (not each.agents or agent in each.agents)
                ]
            )
            if len(self._by_verb) > 4_096:
                self._by_verb.clear()
            self._by_verb[key] = found
        return found


def _candidates(statements: list[Statement]) -> Candidates:
    keyed: dict[str, dict[str, tuple[Statement, ...]]] = {}
    for each in statements:
        for kind, key in each.keys or ():
            table = keyed.setdefault(kind, {})
            table[key] = (*table.get(key, ()), each)
    by_first: dict[str, tuple[Statement, ...]] = {}
    for root, those in keyed.get("path", {}).items():
        name = first_name(root)
        by_first[name] = (
            *by_first.get(name, ()),
            *(each for each in those if each not in by_first.get(name, ())),
        )
    return Candidates(tuple(each for each in statements if each.keys is None), keyed, by_first)


def compile_policy(document: Document) -> Policy:
    """Compile a document.

    Raises:
        ConfigError: a set is not defined, or a condition does not compile.
    """
    policy = document.policy
    sets = _Sets(policy)
    statements = tuple(_statement(each, sets) for each in policy.statements)
    return Policy(
        document,
        statements,
        Effect(policy.default or "deny"),
        policy.mode == "shadow",
        _kept_places(policy, sets),
    )


def _kept_places(policy: PolicyFile, sets: _Sets) -> tuple[str, ...]:
    """The literal roots of every statement that refuses reading or writing some paths."""
    found: dict[str, None] = {}
    for each in policy.statements:
        if each.effect == "deny" and each.resources.paths and {"file.read", "file.write"} & set(each.actions):
            for pattern in sets.expand(each.resources.paths, each.id):
                if pattern.startswith(("~/", "/")) and not any(char in pattern for char in "*?["):
                    found.setdefault(pattern)
    return tuple(found)


def _perhaps_concerned(by_first: dict[str, tuple[Statement, ...]], place: Place) -> Iterable[Statement]:
    firsts = {first_name(form) for form in place.forms}
    if any(not first or any(char in first for char in "*?[") for first in firsts):
        return (statement for statements in by_first.values() for statement in statements)
    return (statement for first in firsts for statement in by_first.get(first, ()))


def _concerned(found: Candidates, each: Seen, facts: Facts) -> Sequence[Statement]:
    keyed = found.keyed
    if not keyed:
        return found.always
    place = each.place
    met: list[Statement] = []
    paths = keyed.get("path")
    if paths is not None and place is not None:
        if place.glob or place.recursive:
            met.extend(_perhaps_concerned(found.by_first, place))
        else:
            for root in place.reach:
                met.extend(paths.get(root, ()))
    for kind, read in _KEY_READERS:
        table = keyed.get(kind)
        if table is not None:
            met.extend(table.get(read(each, facts).casefold(), ()))
    return (*found.always, *met) if met else found.always


@dataclass(slots=True)
class _Verdict:
    """What is gathered while a call's actions are looked at."""

    reasons: list[Reason] = field(default_factory=list)
    shadow: list[Reason] = field(default_factory=list)
    matched: dict[str, None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def evaluate(
    policy: Policy, call: Call, seen: Sequence[Seen], session: frozenset[str] = frozenset()
) -> Ruling:
    """What the policy says of a call that would do `seen`. An action that no statement speaks of gets the default effect."""
    effect = Effect.ALLOW if seen else policy.default
    verdict = _Verdict()
    for each in seen:
        strictest = _judged(policy, each, Facts(call, each.action, session, "", each.host), verdict)
        if strictest.rank > effect.rank:
            effect = strictest
    if not seen and effect is not Effect.ALLOW:
        verdict.reasons.append(Reason("default", effect, "the call does nothing that the policy knows"))
    reasons = _ordered(verdict.reasons)
    obligations = tuple(
        dict.fromkeys(reason.action for reason in reasons if reason.effect is Effect.SANITIZE)
    )
    return Ruling(
        effect,
        tuple(reasons),
        tuple(verdict.matched),
        tuple(verdict.errors),
        tuple(verdict.shadow),
        obligations,
        policy.revision,
    )


def _judged(policy: Policy, each: Seen, facts: Facts, verdict: _Verdict) -> Effect:
    """The strictest effect of the statements that apply to one action."""
    strictest, met = Effect.ALLOW, False
    for statement in _concerned(policy.candidates(each.action.verb, facts.call.subject.agent), each, facts):
        try:
            if not statement.applies(each, facts):
                continue
        except ExpressionError as error:
            verdict.errors.append(f"{statement.id}: {error}")
            verdict.reasons.append(
                Reason(
                    statement.id, Effect.DENY, f"its condition cannot be evaluated: {error}", each.action.verb
                )
            )
            strictest, met = Effect.DENY, True
            continue
        verdict.matched.setdefault(statement.id)
        if statement.shadow:
            verdict.shadow.append(_reason(statement, each.action))
            continue
        met = True
        if statement.effect is not Effect.ALLOW:
            verdict.reasons.append(_reason(statement, each.action))
            if statement.effect.rank > strictest.rank:
                strictest = statement.effect
    if met:
        return strictest
    if policy.default is not Effect.ALLOW:
        verdict.reasons.append(_unspoken(each.action, policy.default))
    return policy.default


def _ordered(reasons: list[Reason]) -> list[Reason]:
    """Strictest first, each once."""
    return sorted(dict.fromkeys(reasons), key=lambda reason: -reason.effect.rank)


def _reason(statement: Statement, action: Action) -> Reason:
    text = statement.reason
    if "{" in text:
        for name, value in (
            ("{target}", action.target),
            ("{detail}", action.detail),
            ("{program}", action.program),
            ("{verb}", action.verb),
        ):
            text = text.replace(name, value[:200].replace("\ufffc", "?"))
    return Reason(statement.id, statement.effect, text, action.verb, statement.instead)


def _unspoken(action: Action, effect: Effect) -> Reason:
    return Reason(
        "default",
        effect,
        f"no statement of the policy speaks of {action.verb} {action.target[:120]}".rstrip(),
        action.verb,
    )


def _fits(pattern: str, verb: str) -> bool:
    return (
        pattern == verb
        or pattern == "*"
        or (pattern.endswith(".*") and verb.startswith(pattern[:-1]))
        or ("*" in pattern and fnmatchcase(verb, pattern))
    )


class _Sets:
    """Named sets of a document, and patterns given in place."""

    def __init__(self, policy: PolicyFile) -> None:
        self._sets = policy.sets
        self._paths: dict[tuple[str, ...], PathSet] = {}

    def expand(self, patterns: list[str], statement: str) -> list[str]:
        """Replace `@name` by the set's patterns."""
        found: list[str] = []
        for pattern in patterns:
            if pattern.startswith("@"):
                if pattern[1:] not in self._sets:
                    raise ConfigError(
                        f"statement `{statement}`: the set `{pattern}` is not defined",
                        "sets: " + ", ".join(sorted(self._sets)),
                    )
                found.extend(self._sets[pattern[1:]])
            else:
                found.append(pattern)
        return found

    def paths(self, patterns: list[str], statement: str) -> PathSet:
        """Compiled paths; the same patterns are compiled once."""
        key = tuple(patterns)
        if key not in self._paths:
            self._paths[key] = path_set(self.expand(patterns, statement))
        return self._paths[key]

    def names(self, patterns: list[str], statement: str) -> NameSet:
        """Compiled names."""
        return name_set(self.expand(patterns, statement))


def _statement(raw: StatementFile, sets: _Sets) -> Statement:
    tests: list[Test] = []
    exact = (
        frozenset(raw.subjects.agents)
        if all("*" not in name and "?" not in name for name in raw.subjects.agents)
        else frozenset()
    )
    tests.extend(_flag_tests(raw.resources))
    tests.extend(_subject_tests(raw.subjects, sets, raw.id, skip_agents=bool(exact)))
    tests.extend(_resource_tests(raw.resources, sets, raw.id))
    if raw.when:
        condition = compile_expression(raw.when)
        tests.append(lambda _seen, facts: condition(facts))
    reason = raw.reason or f"the statement {raw.id} applies"
    shadow = raw.mode == "shadow"
    return Statement(
        raw.id,
        Effect(raw.effect),
        reason,
        raw.instead,
        _all_of(tests),
        shadow,
        exact,
        tuple(raw.actions),
        _keys(raw.resources, sets, raw.id),
    )


def _all_of(tests: list[Test]) -> Test:
    """One test for several, cheapest first."""
    if not tests:
        return lambda _seen, _facts: True
    if len(tests) == 1:
        return tests[0]
    first, second = tests[0], tests[1]
    if len(tests) == 2:
        return lambda seen, facts: first(seen, facts) and second(seen, facts)
    rest = _all_of(tests[2:])
    return lambda seen, facts: first(seen, facts) and second(seen, facts) and rest(seen, facts)


def _keys(resources: Resources, sets: _Sets, statement: str) -> frozenset[tuple[str, str]] | None:
    """What must literally be met, where paths, hosts, branches or targets are given without wildcards."""
    for name, patterns in (
        ("host", resources.hosts),
        ("branch", resources.branches),
        ("target", resources.targets),
    ):
        plain = sets.expand(patterns, statement)
        if plain and not any("*" in each or "?" in each or each.startswith("!") for each in plain):
            return frozenset((name, each.casefold()) for each in plain)
    if resources.paths:
        found = sets.paths(resources.paths, statement)
        if (
            found.roots
            and not found.names
            and not found.tails
            and not found.endings
            and not found.beginnings
            and found.pattern is None
            and len(found.roots) < 50
        ):
            return frozenset(("path", root) for root in found.roots)
    return None


def _flag_tests(resources: Resources) -> list[Test]:
    tests: list[Test] = []
    needed, some, none = (
        frozenset(resources.flags),
        frozenset(resources.any_flags),
        frozenset(resources.not_flags),
    )
    if needed:
        tests.append(lambda seen, _facts: needed <= seen.action.flags)
    if some:
        tests.append(lambda seen, _facts: not some.isdisjoint(seen.action.flags))
    if none:
        tests.append(lambda seen, _facts: none.isdisjoint(seen.action.flags))
    return tests


def _subject_tests(subjects: Subjects, sets: _Sets, statement: str, *, skip_agents: bool) -> list[Test]:
    tests: list[Test] = []
    readers: tuple[tuple[list[str], Callable[[Subject], Sequence[str]]], ...] = (
        ([] if skip_agents else subjects.agents, lambda subject: (subject.agent,)),
        (subjects.roles, lambda subject: subject.roles),
        (subjects.sessions, lambda subject: (subject.session,)),
        (subjects.tenants, lambda subject: (subject.tenant,)),
        (subjects.on_behalf_of, lambda subject: subject.on_behalf_of),
    )
    for patterns, read in readers:
        if patterns:
            tests.append(_subject_test(sets.names(patterns, statement), read))
    return tests


def _subject_test(names: NameSet, read: Callable[[Subject], Sequence[str]]) -> Test:
    return lambda _seen, facts: any(names.holds(name) for name in read(facts.call.subject))


def _resource_tests(resources: Resources, sets: _Sets, statement: str) -> list[Test]:
    tests: list[Test] = []
    for patterns, wanted in ((resources.paths, True), (resources.not_paths, False)):
        if patterns:
            tests.append(_path_test(sets.paths(patterns, statement), wanted=wanted))
    readers: tuple[tuple[list[str], Callable[[Seen, Facts], str], bool], ...] = (
        (resources.hosts, lambda seen, _facts: seen.host or seen.action.target, True),
        (resources.not_hosts, lambda seen, _facts: seen.host or seen.action.target, False),
        (resources.branches, lambda _seen, facts: str(_branch(facts)), True),
        (resources.targets, lambda seen, _facts: seen.action.target, True),
        (resources.not_targets, lambda seen, _facts: seen.action.target, False),
        (resources.details, lambda seen, _facts: seen.action.detail, True),
        (resources.not_details, lambda seen, _facts: seen.action.detail, False),
        (resources.programs, lambda seen, _facts: seen.action.program, True),
        (resources.not_programs, lambda seen, _facts: seen.action.program, False),
        (resources.environments, lambda _seen, facts: facts.call.environment, True),
        (
            resources.repositories,
            lambda seen, facts: _argument(facts.call, "owner", "repo") or seen.action.detail,
            True,
        ),
        (resources.tables, lambda seen, _facts: seen.action.detail, True),
    )
    for patterns, read, wanted in readers:
        if patterns:
            tests.append(_name_test(sets.names(patterns, statement), read, wanted=wanted))
    return tests


_branch = FIELDS["branch"][1]
_KEY_READERS: tuple[tuple[str, Callable[[Seen, Facts], str]], ...] = (
    ("target", lambda seen, _facts: seen.action.target),
    ("host", lambda seen, _facts: seen.host or seen.action.target),
    ("branch", lambda _seen, facts: str(_branch(facts))),
)


def _argument(call: Call, *names: str) -> str:
    values = [call.arguments.get(name) for name in names]
    return "/".join(str(value) for value in values) if all(isinstance(value, str) for value in values) else ""


def _path_test(paths: PathSet, *, wanted: bool) -> Test:
    return lambda seen, _facts: seen.place is not None and paths.holds(seen.place) is wanted


def _name_test(names: NameSet, read: Callable[[Seen, Facts], str], *, wanted: bool) -> Test:
    return lambda seen, facts: names.holds(read(seen, facts)) is wanted
