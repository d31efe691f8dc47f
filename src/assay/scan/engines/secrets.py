"""The secrets engine: asks the secrets room about every file that is not binary."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.rules.load import load_engine
from assay.scan.engines.protocol import Canary, Look
from assay.scan.target.file import SourceFile, Trait
from assay.secrets.scan import Scanner, build_scanner, scan_bytes


class SecretsEngine:
    """Secrets in text of any kind, also in tests, documents, generated and vendored files."""

    name = "secrets"
    version = "2"
    scan_types = frozenset({ScanType.SECRETS})
    wants_everything = True

    def __init__(self, extra_rules: Sequence[Rule] = (), fast: bool = True) -> None:
        self._extra = tuple(extra_rules)
        self._fast = fast

    @cached_property
    def _scanner(self) -> Scanner:
        return build_scanner(extra=self._extra, fast=self._fast)

    def rules(self) -> Sequence[Rule]:
        """The built-in rules and the user's own."""
        return (*load_engine("secrets"), *self._extra)

    def canary(self) -> Canary:
        """A token with a right checksum, a password and a key, all made up on the spot."""
        from assay.secrets.canary import canary_files

        files, expected = canary_files()
        return Canary(files, expected)

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Every file: binary ones never reach an engine."""
        return True

    def look(self, file: SourceFile) -> Look:
        """Look at one file."""
        scan = scan_bytes(file.content, file.uri, self._scanner)
        if not (scan.findings or scan.allowed):
            return Look(file.uri)
        return Look(file.uri, scan.findings, allowed=scan.allowed)
