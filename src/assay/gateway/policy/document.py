"""A policy as people write it: YAML or JSON, checked against types, with the line of every error."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from assay.model.errors import ConfigError

DEFAULT_POLICY = Path(__file__).parent / "default.yaml"
_MAX_BYTES, _MAX_NODES, _MAX_EXTENDS = 2 * 1024 * 1024, 200_000, 8
EffectWord = Literal["allow", "deny", "sanitize", "approval_needed"]
Mode = Literal["enforce", "shadow"]


class Subjects(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who a statement is about; empty means everybody. Names may hold wildcards."""

    agents: list[str] = []
    roles: list[str] = []
    sessions: list[str] = []
    tenants: list[str] = []
    on_behalf_of: list[str] = []


class Resources(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a statement is about. Every key given must fit; `@name` refers to a set; `not_` keys must not fit."""

    paths: list[str] = []
    not_paths: list[str] = []
    hosts: list[str] = []
    not_hosts: list[str] = []
    branches: list[str] = []
    targets: list[str] = []
    not_targets: list[str] = []
    details: list[str] = []
    not_details: list[str] = []
    programs: list[str] = []
    not_programs: list[str] = []
    environments: list[str] = []
    repositories: list[str] = []
    tables: list[str] = []
    flags: list[str] = []
    any_flags: list[str] = []
    not_flags: list[str] = []


class StatementFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One statement. `actions` are verbs (`file.read`) or patterns (`git.*`, `mcp.github.*`)."""

    id: str
    effect: EffectWord
    actions: list[str]
    reason: str = ""
    instead: str = ""
    subjects: Subjects = Subjects()
    resources: Resources = Resources()
    when: str = ""
    mode: Mode = "enforce"


class LimitFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A budget or rate: at most `amount` of `what` per `window` seconds (0: for ever), counted per combination of `by`."""

    id: str
    what: Literal["calls", "tokens", "cost", "seconds", "bytes_out"]
    amount: float
    window: str = "0s"
    by: list[Literal["agent", "session", "tool", "tenant"]] = msgspec.field(default_factory=lambda: ["agent"])
    actions: list[str] = msgspec.field(default_factory=lambda: ["*"])
    warn_at: float = 0.8
    effect: Literal["deny", "approval_needed"] = "deny"


class TestCase(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A call and the effect it must get."""

    call: dict[str, Any]
    expect: EffectWord
    note: str = ""


class ToolGrant(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The short form: a tool and its actions."""

    name: str
    actions: list[str] = msgspec.field(default_factory=lambda: ["*"])


class Approvals(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who may approve, how many must, and for how long a request waits."""

    approvers: list[str] = []
    needed: int = 1
    expires: str = "1h"


class PolicyFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One policy file, in the long form (`statements`), the short form (`agent`, `allowed_tools`, `conditions`), or both."""

    version: Literal[1] = 1
    id: str = ""
    description: str = ""
    extends: list[str] | str = []
    mode: Mode | None = None
    default: EffectWord | None = None
    sets: dict[str, list[str]] = {}
    statements: list[StatementFile] = []
    limits: list[LimitFile] = []
    tests: list[TestCase] = []
    personal_data: list[str] | None = None
    approvals: Approvals | None = None
    agent: str = ""
    allowed_tools: list[ToolGrant] = []
    conditions: dict[str, bool | str] | list[dict[str, bool | str]] = {}


@dataclass(frozen=True, slots=True)
class Document:
    """A policy with everything it extends merged in. `revision` is the digest of its canonical form."""

    policy: PolicyFile
    revision: str
    files: tuple[str, ...]


def json_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of a policy file."""
    schema = msgspec.json.schema(PolicyFile)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "assay runtime policy"
    return schema


def load(paths: list[Path]) -> Document:
    """Load one or several policy files and what they extend; later ones add to earlier ones.

    Raises:
        ConfigError: a file is missing, does not parse or does not fit the schema; the message holds file and line.
    """
    merged, files = PolicyFile(), []
    for path in paths:
        policy, used = _load_one(path, 0)
        merged = _merge(merged, policy)
        files.extend(used)
    _check_unique(merged)
    return Document(merged, digest(merged), tuple(files))


def load_text(text: str, name: str = "policy") -> Document:
    """Load a policy from a text; `extends` may only name `default`."""
    policy = _extended(_parse(text.encode(), name), None, name, 0)[0]
    _check_unique(policy)
    return Document(policy, digest(policy), (name,))


def digest(policy: PolicyFile) -> str:
    """`sha256:` and the digest of the policy without its tests, the same for YAML and JSON."""
    plain = msgspec.to_builtins(msgspec.structs.replace(policy, tests=[], description=""))
    return (
        "sha256:"
        + sha256(
            json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        ).hexdigest()
    )


def _load_one(path: Path, depth: int) -> tuple[PolicyFile, list[str]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path}: the policy cannot be read: {error.strerror}",
            "check the path, or leave out --policy to use the default policy",
        ) from error
    return _extended(_parse(data, str(path)), path.parent, str(path), depth)


def _extended(policy: PolicyFile, folder: Path | None, name: str, depth: int) -> tuple[PolicyFile, list[str]]:
    if depth > _MAX_EXTENDS:
        raise ConfigError(f"{name}: `extends` goes in a circle or too deep", f"at most {_MAX_EXTENDS} levels")
    bases = [policy.extends] if isinstance(policy.extends, str) else policy.extends
    merged, files = PolicyFile(), []
    for each in bases:
        if each == "default":
            where = DEFAULT_POLICY
        elif folder is None:
            raise ConfigError(
                f"{name}: `extends: {each}` needs a file", "only `default` can be extended here"
            )
        else:
            where = folder / each
        base, used = _load_one(where, depth + 1)
        merged = _merge(merged, base)
        files.extend(used)
    return _merge(merged, _long_form(policy, name)), [*files, name]


def _parse(data: bytes, name: str) -> PolicyFile:
    if len(data) > _MAX_BYTES:
        raise ConfigError(
            f"{name}: {len(data)} bytes is too large for a policy", f"the limit is {_MAX_BYTES} bytes"
        )
    try:
        node = yaml.compose(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(
            f"{name}: not YAML or JSON: {' '.join(str(error).split())[:300]}",
            "check quotes and indentation at that line",
        ) from error
    lines: dict[str, int] = {}
    plain = _plain(node, "$", lines, [0], name) if node is not None else {}
    try:
        return msgspec.convert(plain, PolicyFile)
    except msgspec.ValidationError as error:
        raise ConfigError(
            _placed(str(error), name, lines), "the fields are listed by `assay policy check --schema`"
        ) from error


def _plain(node: yaml.Node, place: str, lines: dict[str, int], seen: list[int], name: str) -> Any:
    """YAML nodes as values, noting the line of each; dates stay text, aliases count as what they stand for."""
    seen[0] += 1
    if seen[0] > _MAX_NODES or place.count(".") > 40:
        raise ConfigError(
            f"{name}: the policy unfolds to too many values", "aliases that refer to aliases are not accepted"
        )
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found = {}
        for key, value in node.value:
            label = str(key.value)
            if label in found:
                raise ConfigError(
                    f"{name}:{key.start_mark.line + 1}: `{label}` is given twice", "remove one of the two"
                )
            found[label] = _plain(value, f"{place}.{label}", lines, seen, name)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(value, f"{place}[{index}]", lines, seen, name) for index, value in enumerate(node.value)
        ]
    kinds: dict[str, Any] = {"int": _int, "float": float, "bool": _bool, "null": lambda _text: None}
    convert = kinds.get(node.tag.rpartition(":")[2], str)
    try:
        return convert(node.value)
    except ValueError:
        return str(node.value)


def _int(text: str) -> int:
    return (
        int(text.replace("_", ""), 0)
        if not text.lstrip("-").startswith("0") or text.strip("-0") == ""
        else int(text)
    )


def _bool(text: str) -> bool:
    return text.lower() in ("true", "yes", "on")


def _placed(message: str, name: str, lines: dict[str, int]) -> str:
    """`Expected ... - at `$.statements[2].effect`` with the line of the nearest place that exists."""
    what, _, place = message.rpartition(" - at ")
    place = place.strip("`")
    at = place.replace("[...]", "")
    while at and at not in lines:
        at = at.rpartition(".")[0] if "." in at else ""
    return f"{name}:{lines.get(at, 1)}: {what or message} at {place or 'the top'}"


def _merge(first: PolicyFile, second: PolicyFile) -> PolicyFile:
    """The second added to the first: sets are joined by name, a statement of the same id is replaced."""
    replaced = {statement.id for statement in second.statements}
    limits = {limit.id for limit in second.limits}
    sets = {
        name: [*first.sets.get(name, []), *second.sets.get(name, [])]
        for name in {**first.sets, **second.sets}
    }
    return PolicyFile(
        id=second.id or first.id,
        description=second.description or first.description,
        mode=second.mode or first.mode,
        default=second.default or first.default,
        sets=sets,
        statements=[*(each for each in first.statements if each.id not in replaced), *second.statements],
        limits=[*(each for each in first.limits if each.id not in limits), *second.limits],
        tests=[*first.tests, *second.tests],
        personal_data=second.personal_data if second.personal_data is not None else first.personal_data,
        approvals=second.approvals or first.approvals,
    )


def _check_unique(policy: PolicyFile) -> None:
    seen: set[str] = set()
    for statement in policy.statements:
        if statement.id in seen:
            raise ConfigError(
                f"the statement id `{statement.id}` is used twice in one file",
                "give each statement an id of its own",
            )
        seen.add(statement.id)


def _long_form(policy: PolicyFile, name: str) -> PolicyFile:
    """Rewrite `agent`, `allowed_tools`, `conditions` as statements: what is listed is allowed, anything else denied."""
    if not policy.agent and not policy.allowed_tools and not policy.conditions:
        return policy
    agent = policy.agent or "*"
    subjects = Subjects(agents=[agent])
    verbs = [f"{tool.name}.{action}" for tool in policy.allowed_tools for action in tool.actions]
    allowed = StatementFile(
        id=f"{agent}/allowed-tools",
        effect="allow",
        actions=verbs,
        subjects=subjects,
        reason=f"{agent} may use this tool",
    )
    extra = [allowed] if verbs else []
    pairs = policy.conditions if isinstance(policy.conditions, list) else [policy.conditions]
    for number, (word, condition) in enumerate((pair for entry in pairs for pair in entry.items()), start=1):
        extra.append(
            _conditional(f"{agent}/condition-{number}", word, condition, subjects, verbs or ["*"], name)
        )
    return msgspec.structs.replace(
        policy,
        statements=[*policy.statements, *extra],
        default=policy.default or "deny",
        agent="",
        allowed_tools=[],
        conditions={},
    )


def _conditional(
    label: str, word: str, condition: bool | str, subjects: Subjects, verbs: list[str], name: str
) -> StatementFile:
    effects: dict[str, EffectWord] = {
        "approval_needed": "approval_needed",
        "deny": "deny",
        "sanitize": "sanitize",
        "allow": "allow",
    }
    effect = effects.get(word)
    if effect is None:
        raise ConfigError(f"{name}: `{word}` is no effect", "use approval_needed, deny, sanitize or allow")
    text = str(condition).lower() if isinstance(condition, bool) else condition.strip()
    truth, found, expression = text.partition(" if ")
    if not found:
        truth, expression = text, "true"
    if truth.strip() not in ("true", "false"):
        raise ConfigError(
            f"{name}: `{word}: {condition}` is not understood", f"write `{word}: true if <condition>`"
        )
    when = expression.strip() if truth.strip() == "true" else f"not ({expression.strip()})"
    if not found and truth.strip() == "false":
        when = "false"
    return StatementFile(
        id=label,
        effect=effect,
        actions=verbs,
        subjects=subjects,
        when=when,
        reason=f"the policy asks for this when {expression.strip()}",
    )
