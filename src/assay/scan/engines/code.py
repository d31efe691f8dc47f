"""The engine for source code: dataflow and structure. Thin: the knowledge is in `code`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.scan import FileStatus, Notification, ScanType
from assay.model.severity import Confidence, Severity
from assay.rules.load import load_engine
from assay.scan.engines.protocol import Canary, Look, Project, unread
from assay.scan.target.file import Trait
from assay.scan.target.traits import path_traits

_LANGUAGES = frozenset(("python", "javascript", "typescript", "tsx", "jsx", "java", "go"))
_SUFFIXES = (
    ".py",
    ".pyi",
    ".pyw",
    ".js",
    ".mjs",
    ".cjs",
    ".jsx",
    ".ts",
    ".mts",
    ".cts",
    ".tsx",
    ".java",
    ".go",
    ".properties",
)
_SKIPPED = frozenset((Trait.MINIFIED, Trait.VENDORED))


class CodeEngine:
    """Source code in five languages, as one project."""

    name = "code"
    version = "2"
    scan_types = frozenset({ScanType.SAST})

    def __init__(self, own_rules: tuple[Rule, ...] = ()) -> None:
        self._own = own_rules

    def rules(self) -> Sequence[Rule]:
        """The rules that this engine applies, without examples."""
        return (*load_engine(self.name), *self._own)

    def canary(self) -> Canary:
        """A request's parameter that reaches a shell through a helper in another file."""
        view = b"from flask import request\nfrom helper import run\n\ndef view():\n    run(request.args['host'])\n"
        helper = b"import os\n\ndef run(host):\n    os.system('ping ' + host)\n"
        return Canary((("view.py", view), ("helper.py", helper)), ("code/python/command-flow",))

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:
        """Whether a file of this name is source code of a language that is analysed."""
        return (language in _LANGUAGES or uri.endswith(_SUFFIXES)) and not traits & _SKIPPED

    def look_at_project(self, project: Project) -> Iterator[Look]:
        """Lower every file, analyse all of them together, then account for each."""
        from assay.code.project import analyse_cached

        files: list[tuple[str, bytes]] = []
        for target in project.files():
            try:
                file = project.read(target)
            except OSError as error:
                yield unread(self.name, target.uri, error)
            else:
                files.append((file.uri, file.content))
        for result in analyse_cached(files, self.rules(), project):
            status = FileStatus.SCANNED
            if result.failed:
                status = FileStatus.SKIPPED if result.failed == "unsupported" else FileStatus.FAILED
            elif result.partial:
                status = FileStatus.PARTIAL
            notes = tuple(Notification("note", text, self.name, result.uri) for text in result.notes)
            findings = tuple(
                sorted(map(_in_test_code, result.findings), key=lambda finding: finding.sort_key)
            )
            yield Look(result.uri, findings, status, result.failed or result.partial, notes)

    def compare(self, changed: Sequence[tuple[str, bytes, bytes]]) -> list[Finding]:
        """What a change did to tests."""
        from assay.code.project import compare_tests

        return compare_tests(changed, self.rules())


def _in_test_code(finding: Finding) -> Finding:
    """What a test does to itself harms nobody outside: it stays visible, at the end of the list, and does not block."""
    if Trait.TEST not in path_traits(finding.location.uri):
        return finding
    return replace(
        finding,
        severity=min(finding.severity, Severity.LOW),
        confidence=Confidence.LOW,
        message=f"{finding.message} In test code.",
    )
