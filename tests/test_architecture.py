"""The architecture as a table: which room may import which, also inside functions. See DESIGN in CONTRIBUTING.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "assay"
KNOWLEDGE = ("rules", "dependencies", "code", "infrastructure", "secrets", "shell")

# Room -> what it may import. A room may always import itself. Longest prefix wins.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "__main__": ("entrypoints",),
    "model": (),
    "signing": ("model",),
    "settings": ("model",),
    "telemetry": ("model",),
    "rules": ("model",),
    "shell": ("model",),
    "dependencies": ("model", "rules"),
    "secrets": ("model", "rules"),
    "code": ("model", "rules"),
    "infrastructure": ("model", "rules", "shell"),
    "store": ("model",),
    "report": ("model",),
    "scan.target": ("model",),
    "scan.gate": ("model",),
    "scan.triage": ("model", "scan.target"),
    "scan.engines": ("model", "scan.target", *KNOWLEDGE),
    "scan": ("model", "scan", "rules"),
    "gateway": ("model", "signing", "store", "dependencies", "secrets", "shell", "rules"),
    "guide": ("model", "gateway.policy", *KNOWLEDGE),
    "fix": ("model", "scan.target", *KNOWLEDGE),
    "attest": ("model", "signing"),
    "entrypoints": (
        "model", "settings", "scan", "report", "store", "gateway", "guide", "fix", "attest", "signing", "telemetry", *KNOWLEDGE,
    ),
}  # fmt: skip
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base"}


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                candidate = f"{module}.{alias.name}"
                is_module = (SRC.parent / Path(*candidate.split("."))).with_suffix(".py").exists()
                yield candidate if is_module else module


def room_of(module: str) -> str:
    fitting = [room for room in MAY_IMPORT if module == room or module.startswith(room + ".")]
    return max(fitting, key=len, default="")


def within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_imports_follow_the_table(path: Path) -> None:
    module = dotted(path)
    if not module:
        return
    room = room_of(module)
    assert room, f"{module} is in no room of the table"
    for imported in imports(path):
        if not imported.startswith("assay."):
            continue
        name = imported.removeprefix("assay.")
        assert within(name, (room, *MAY_IMPORT[room])), f"{module} ({room}) must not import {name}"
        if room == "entrypoints" and name.startswith("entrypoints."):
            assert name.split(".")[1] == module.split(".")[1], f"{module}: no door imports another"


def test_the_model_needs_only_the_standard_library() -> None:
    import sys

    for path in (SRC / "model").glob("*.py"):
        for imported in imports(path):
            top = imported.split(".")[0]
            assert top == "assay" or top in sys.stdlib_module_names, f"{path}: {imported}"


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_no_file_without_a_subject(path: Path) -> None:
    assert path.stem not in BANNED_NAMES
    assert not BANNED_NAMES & set(path.relative_to(SRC).parts)


@pytest.mark.parametrize("path", sorted(SRC.rglob("__init__.py")), ids=dotted)
def test_package_inits_are_empty(path: Path) -> None:
    assert path.read_text() == ""


def test_foreign_programs_start_in_one_place() -> None:
    """`subprocess` is named by the scan's process module and the git module, and by nothing else that a scan loads."""
    allowed = {"scan.engines.process", "scan.target.git"}
    for path in modules():
        module = dotted(path)
        if module in allowed or module.startswith(("entrypoints", "gateway")):
            continue
        assert not {"subprocess", "asyncio.subprocess", "pty"} & set(imports(path)), module
