"""`.assay/suppressions.yaml`: suppressions that humans keep outside the code, with an owner and an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from assay.model.errors import ConfigError

_MAX_BYTES = 1024 * 1024
_ADVICE = "allowed: fingerprint, rule, path, reason, evidence, owner, created, expires, approved_by; reason and a fingerprint or rule are required"


class EntryFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry as written. `path` is a glob: `*` within a folder, `**` across folders."""

    reason: str
    fingerprint: str = ""
    rule: str = ""
    path: str = ""
    evidence: str = ""
    owner: str = ""
    created: date | None = None
    expires: date | None = None
    approved_by: str = ""


class SuppressionsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as written."""

    suppressions: list[EntryFile]
    version: int = 1


@dataclass(frozen=True, slots=True)
class External:
    """One entry, checked. Every given part must match; `source` is `<file>#<number>`, counted from 1."""

    source: str
    fingerprint: str
    rule: str
    path: str
    reason: str
    owner: str
    expires: date | None
    approved_by: str

    @property
    def target(self) -> str:
        """What it is meant for, in a few words."""
        return " ".join(part for part in (self.fingerprint, self.rule, self.path) if part)

    def covers(self, fingerprint: str, rule_ids: Sequence[str], uris: Sequence[str]) -> bool:
        """Whether it is meant for a finding with this fingerprint, these rules, at all of these paths."""
        return (
            self.fingerprint in ("", fingerprint)
            and (not self.rule or self.rule in rule_ids)
            and (not self.path or all(glob_match(self.path, uri) for uri in uris))
        )


def read_suppressions(path: Path) -> tuple[External, ...]:
    """The entries of a file; none if there is no file.

    Raises:
        ConfigError: the file cannot be read, does not parse or says something that is not allowed.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", _ADVICE) from error
    return parse_suppressions(data, str(path))


def parse_suppressions(data: bytes, name: str) -> tuple[External, ...]:
    """The entries of a suppression file's bytes. `name` stands in messages and as the source.

    Raises:
        ConfigError: the text does not parse or says something that is not allowed.
    """
    document = load_yaml(data, name, _ADVICE)
    if document is None:
        return ()
    try:
        raw = msgspec.convert(document, SuppressionsFile)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}", _ADVICE) from error
    if raw.version != 1:
        raise ConfigError(f"{name}: version {raw.version} is not known", "allowed: 1")
    # Reports name the file from the root: where a checkout lies on a machine is nobody's business.
    short = "/".join(Path(name).parts[-2:])
    return tuple(
        _external(f"{short}#{number}", entry) for number, entry in enumerate(raw.suppressions, start=1)
    )


def _external(source: str, entry: EntryFile) -> External:
    if not entry.reason.strip():
        raise ConfigError(f"{source}: a suppression needs a reason", _ADVICE)
    if not (entry.fingerprint or entry.rule):
        raise ConfigError(f"{source}: a suppression needs a fingerprint or a rule", _ADVICE)
    return External(
        source,
        entry.fingerprint,
        entry.rule,
        entry.path,
        entry.reason.strip(),
        entry.owner,
        entry.expires,
        entry.approved_by,
    )


def load_yaml(data: bytes, name: str, advice: str) -> object:
    """A YAML document of the user's, bounded: at most 1 MiB, no aliases, plain types only.

    Raises:
        ConfigError: the text is too large, does not parse or has aliases.
    """
    import yaml  # only where such a file exists

    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{name}: larger than {_MAX_BYTES} bytes", advice)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # An alias makes one text a thousand values, and no file of settings needs one.
        if b"*" in data and any(
            isinstance(event, yaml.AliasEvent) for event in yaml.parse(data, Loader=loader)
        ):
            raise ConfigError(f"{name}: YAML aliases are not allowed here", advice)
        return yaml.load(data, Loader=loader)  # noqa: S506 - the safe loader, in C
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not YAML: {error}", advice) from error


def glob_match(pattern: str, uri: str) -> bool:
    """Whether a path matches: `*` and `?` within a folder, `**` across folders, a trailing `/` everything below.

    Works in time linear in pattern times path: a table, no backtracking.
    """
    whole = pattern + "**" if pattern.endswith("/") else pattern
    parts = _parts(whole.removeprefix("./"))
    reach = {0}
    for part in parts:
        if part == "**/":
            reach |= {at + 1 for at in range(len(uri)) if uri[at] == "/" and at >= min(reach, default=at + 1)}
        elif part in ("*", "**"):
            reach = _spread(reach, uri, across=part == "**")
        else:
            reach = {
                at + 1
                for at in reach
                if at < len(uri) and (uri[at] == part or (part == "?" and uri[at] != "/"))
            }
        if not reach:
            return False
    return len(uri) in reach


def _spread(reach: set[int], uri: str, across: bool) -> set[int]:
    """Every position that a star can lead to from these."""
    result: set[int] = set()
    at = -1
    for start in sorted(reach):
        at = max(at, start)
        result.add(start)
        while at < len(uri) and (across or uri[at] != "/"):
            at += 1
            result.add(at)
    return result


def _parts(pattern: str) -> list[str]:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        size = 3 if pattern.startswith("**/", at) else 2 if pattern.startswith("**", at) else 1
        parts.append(pattern[at : at + size])
        at += size
    return parts
