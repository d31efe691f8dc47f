"""Models from their YAML files. A scan does not load this: it reads the packed file."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import msgspec
import yaml

from assay.code.kinds import KINDS
from assay.code.model_rows import ModelFile, PackedModels, Row, rows_of
from assay.model.errors import RuleError

_MAX_BYTES = 512 * 1024


def pack(folder: Path, out: Path) -> PackedModels:
    """Read every YAML file below `folder`, check it, and write the packed file.

    Raises:
        RuleError: a file does not parse or does not fit the format.
    """
    digest = sha256()
    files = []
    for path in sorted(folder.rglob("*.yaml")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        files.append(_read(path))
    made = PackedModels(digest.hexdigest(), files)
    # A name of this process's own: several may find the packed file stale at once.
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    temporary.write_bytes(msgspec.json.encode(made))
    temporary.replace(out)
    return made


def _read(path: Path) -> ModelFile:
    data = path.read_bytes()
    if len(data) > _MAX_BYTES:
        raise RuleError(f"{path}: too large for a model", f"the limit is {_MAX_BYTES} bytes")
    try:
        document = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe loaders
        file = msgspec.convert(document, ModelFile)
        for raw in rows_of(file):
            Row(raw, file.framework)
    except KeyError as error:
        raise RuleError(f"{path}: {error} is not a kind", f"kinds are {', '.join(KINDS)}") from error
    except (yaml.YAMLError, msgspec.ValidationError, AssertionError) as error:
        raise RuleError(f"{path}: {error}", "the format is described in docs/models.md") from error
    return file
