"""Rule files: YAML, checked against the schema. Apart from `load`, since a scan with packed rules needs no YAML."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from assay.model.errors import RuleError
from assay.rules.schema import RuleFile

_MAX_RULE_BYTES = 256 * 1024


def read_rule_file(path: Path) -> RuleFile:
    """One rule file.

    Raises:
        RuleError: it does not parse, or does not fit the schema.
    """
    data = path.read_bytes()
    if len(data) > _MAX_RULE_BYTES:
        raise RuleError(
            f"{path}: {len(data)} bytes is too large for a rule", f"the limit is {_MAX_RULE_BYTES} bytes"
        )
    try:
        document = yaml.load(data, Loader=_LOADER)  # noqa: S506 - a subclass of the safe loader
        return msgspec.convert(document, RuleFile)
    except yaml.YAMLError as error:
        raise RuleError(f"{path}: not YAML: {error}", "see `assay rules validate --help`") from error
    except msgspec.ValidationError as error:
        raise RuleError(
            f"{path}: {error}", "the fields of a rule are listed by `assay rules validate --schema`"
        ) from error


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader that keeps dates as text: `last_reviewed: 2026-11-21` is a string for us."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_LOADER = _Loader
