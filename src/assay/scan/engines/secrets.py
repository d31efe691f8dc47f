"""The secrets engine: asks the secrets room about every file that is not binary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.rules.load import load_engine
from assay.scan.engines.protocol import Canary, Look
from assay.scan.target.file import SourceFile, Trait
from assay.secrets.scan import Scanner, build_scanner, scan_bytes

if TYPE_CHECKING:
    from assay.secrets.live import LiveVerifier

# Reasons why a value in a token's own form is left out. Those against mere named values are thousands in any tree and tell nothing.
_TOLD = frozenset({"placeholder", "documented sample", "wrong checksum or structure", "too many in one file"})


class SecretsEngine:
    """Secrets in text of any kind, also in tests, documents, generated and vendored files."""

    name = "secrets"
    version = "3"
    scan_types = frozenset({ScanType.SECRETS})
    wants_everything = True

    def __init__(self, extra_rules: Sequence[Rule] = (), fast: bool = True) -> None:
        self._extra = tuple(extra_rules)
        self._fast = fast
        self._verifier: LiveVerifier | None = None

    def ask_issuers(self, endpoints: Mapping[str, str]) -> None:
        """From now on ask the issuer of each secret whether it still works; `endpoints` are addresses by rule id that replace the issuer's."""
        from assay.secrets.live import LiveVerifier

        self._verifier = LiveVerifier(endpoints)

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

    def prepared(self) -> str:
        """Makes ready what every later scan needs (the first compilation of the database takes seconds) and says what is in use."""
        return self._scanner.prefilter.about

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Every file: binary ones never reach an engine."""
        return True

    def look(self, file: SourceFile) -> Look:
        """Look at one file."""
        if self._verifier is not None:
            self._verifier.begin_file()
        scan = scan_bytes(file.content, file.uri, self._scanner, verifier=self._verifier)
        if not (scan.findings or scan.allowed or scan.dropped):
            return Look(file.uri)
        dropped = tuple(entry for entry in scan.dropped if entry[0] in _TOLD)
        return Look(file.uri, scan.findings, allowed=scan.allowed, dropped=dropped)

    def expand_example(self, rule_id: str, kind: str, index: int, text: str) -> bytes:
        """An example's text with its placeholders filled in: no rule file holds anything like a real token."""
        from assay.secrets.specimen import expand_example

        return expand_example(text, rule_id, kind, index).encode()
