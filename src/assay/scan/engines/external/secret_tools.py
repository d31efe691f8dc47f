"""What the programs that look for secrets share: the canary, which files they see, and a finding that does not tell the secret."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from assay.model.finding import Finding
from assay.model.location import Location, Region
from assay.model.severity import Confidence
from assay.scan.engines.external.text import finding
from assay.scan.engines.protocol import Canary
from assay.scan.target.file import Trait
from assay.secrets.redact import identity_of, shown

# With these a target could tell the program what not to see.
_STEERING = frozenset(
    {".gitignore", ".ignore", ".gitleaks.toml", ".gitleaksignore", ".kingfisherignore", "kingfisher.yaml"}
)


def canary(rule_id: str) -> Canary:
    """A GitHub token that was never issued, made here so that no file of ours holds one."""
    token = "ghp_" + hashlib.sha256(b"assay canary").hexdigest()[:36]
    return Canary((("canary.txt", f'token = "{token}"\n'.encode()),), (rule_id,))


def wants(uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG001 - the protocol's signature
    """Any file but those that steer such programs."""
    return uri.rpartition("/")[2] not in _STEERING


def secret_finding(tool: str, native: str, title: str, value: str, uri: str, where: Region) -> Finding:
    """The finding, under the keyed identity by which it merges with ours. Of the value only the redacted form is kept."""
    data = value.encode("utf-8", "surrogatepass")
    one = finding(tool, native, title, f"{title} ({shown(data)})", "high", Location(uri, where))
    evidence = tuple(replace(part, severity="") for part in one.evidence)  # the program has no scale
    return replace(
        one,
        identity=identity_of(data),
        confidence=Confidence.MEDIUM,
        cwe=("CWE-798",),
        evidence=evidence,
        remediation="Revoke the secret where it was issued, then read the new one from the environment or a secret manager.",
    )
