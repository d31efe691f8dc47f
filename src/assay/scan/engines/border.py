"""What crosses from an engine into the scan: identities become digests, texts lose their secrets."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

from assay.model.finding import Finding, FlowStep
from assay.model.location import Location
from assay.scan.engines.protocol import Look

# The secrets engine's identities are keyed hashes already, and its texts are masked by the room that knows the values.
_SEALED = "secret:"


def sealed(look: Look) -> Look:
    """The same look, fit to be written anywhere. Other engines than the one for secrets may quote code, and code may hold a secret."""
    if not (look.findings or look.allowed):
        return look
    return replace(
        look,
        findings=tuple(_seal(finding) for finding in look.findings),
        allowed=tuple((_seal(finding), comment) for finding, comment in look.allowed),
    )


def _seal(finding: Finding) -> Finding:
    if finding.identity.startswith(_SEALED):
        return finding
    identity = (
        sha256(finding.identity.encode("utf-8", "surrogatepass")).hexdigest()[:32] if finding.identity else ""
    )
    return replace(
        finding,
        identity=identity,
        message=_clean(finding.message),
        location=_clean_location(finding.location),
        related=tuple(_clean_location(place) for place in finding.related),
        code_flow=tuple(
            FlowStep(_clean_location(step.location), step.variable) for step in finding.code_flow
        ),
    )


def _clean_location(location: Location) -> Location:
    if not (location.snippet or location.message):
        return location
    return replace(location, snippet=_clean(location.snippet), message=_clean(location.message))


@lru_cache(maxsize=4096)
def _clean(text: str) -> str:
    """The text without what the secrets room recognises in it."""
    if not text:
        return text
    from assay.secrets.scan import redact_text

    return redact_text(text)[0]
