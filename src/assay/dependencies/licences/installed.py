"""Licences from installed metadata: `*.dist-info/METADATA` of Python, `package.json` of node_modules. Read, never imported."""

from __future__ import annotations

import os
from email.parser import HeaderParser
from pathlib import Path

from assay.dependencies.licences.expression import parse_expression
from assay.dependencies.purl import match_key
from assay.dependencies.shapes import mapping, read_json, sequence, text

_MAX_FILES = 200_000
_MAX_METADATA = 2_000_000
_CLASSIFIER = "License :: OSI Approved :: "


def installed_licences(root: Path) -> dict[tuple[str, str], str]:
    """(ecosystem, canonical name) -> SPDX expression, for every package below the folder that states one."""
    found: dict[tuple[str, str], str] = {}
    count = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        count += len(names)
        if count > _MAX_FILES:
            break
        path = Path(folder)
        if path.suffix in {".dist-info", ".egg-info"}:
            name, licence = _python(path, names)
            key = ("PyPI", match_key("PyPI", name))
        elif "package.json" in names and "node_modules" in path.parts:
            name, licence = _node(path / "package.json")
            key = ("npm", name)
        else:
            continue
        if name and licence:
            found.setdefault(key, licence)
    return found


def _python(folder: Path, names: list[str]) -> tuple[str, str]:
    file = next((name for name in ("METADATA", "PKG-INFO") if name in names), "")
    if not file:
        return "", ""
    headers = HeaderParser().parsestr(_read(folder / file))
    name = headers.get("Name", "")
    stated = [headers.get("License-Expression", ""), headers.get("License", "")]
    classifiers = [
        value[len(_CLASSIFIER) :]
        for value in headers.get_all("Classifier", [])
        if value.startswith(_CLASSIFIER)
    ]
    for candidate in stated:
        expression = parse_expression(candidate.strip()) if candidate and len(candidate) < 200 else None
        if expression is not None:
            return name, str(expression)
    parsed = [str(found) for value in classifiers if (found := parse_expression(value)) is not None]
    return name, " OR ".join(dict.fromkeys(parsed)) if len(parsed) == len(classifiers) else ""


def _node(path: Path) -> tuple[str, str]:
    try:
        data = mapping(read_json(_read(path)))
    except ValueError:
        return "", ""
    licence = data.get("license")
    words = [text(licence) or text(mapping(licence).get("type"))]
    words += [text(mapping(item).get("type")) for item in sequence(data.get("licenses"))]
    parsed = [str(found) for word in words if word and (found := parse_expression(word)) is not None]
    return text(data.get("name")), " OR ".join(dict.fromkeys(parsed))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_METADATA).decode("utf-8", "replace")
    except OSError:
        return ""
