"""One Python requirement as text (PEP 508, pip's URL forms, local paths) -> an entry."""

from __future__ import annotations

import re2
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from assay.dependencies.manifests.builder import Entry
from assay.dependencies.purl import clean_url
from assay.model.component import Origin, Scope

_VCS = ("git+", "hg+", "svn+", "bzr+", "git://")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_ODD_PIN = re2.compile(
    r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(={2,3})\s*([A-Za-z0-9][A-Za-z0-9._+!-]*)\s*$"
)
_EGG = re2.compile(r"[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_WHEEL = re2.compile(
    r"(?:^|/)([A-Za-z0-9][A-Za-z0-9._]*)-([0-9][A-Za-z0-9.+!_]*)(?:-[^/]*\.whl|\.tar\.gz|\.zip|\.tgz)$"
)


def parse_requirement(text: str, line: int, scope: Scope | None = None) -> Entry | None:
    """An entry for one requirement, None where the text is none.

    A version is set only by `==` or `===` without a wildcard: any other constraint leaves it open.
    """
    text = text.strip()
    if len(text) > 4096:
        return None
    if text.startswith(_VCS) or "://" in text.split(" @ ", 1)[0].split(";", 1)[0]:
        return _from_url(text, line, scope)
    is_archive = text.split(";", 1)[0].strip().endswith(_ARCHIVES) and "@" not in text
    if text.startswith((".", "/", "~", "file:")) or is_archive:
        return _from_path(text, line, scope)
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError, ValueError):
        return _without_marker(text, line, scope)
    return _from_requirement(requirement, line, scope)


def pinned_version(specifier: SpecifierSet) -> str:
    """The one version that a specifier set allows by `==` or `===`, else empty."""
    for part in specifier:
        if part.operator in {"==", "==="} and not part.version.endswith(".*"):
            return part.version
    return ""


def _without_marker(text: str, line: int, scope: Scope | None) -> Entry | None:
    """A requirement with a broken marker, or with a comment that no space parts from it, still names a package."""
    head = text.partition(";")[0].partition("#")[0]
    if head == text:
        return _with_odd_version(text, line, scope)
    try:
        return _from_requirement(Requirement(head), line, scope)
    except (InvalidRequirement, ValueError):
        return _with_odd_version(head, line, scope)


def _with_odd_version(text: str, line: int, scope: Scope | None) -> Entry | None:
    """`pytz==2004d`: releases from before PEP 440 have versions that it does not know."""
    match = _ODD_PIN.match(text)
    if match is None:
        return None
    return Entry(
        match.group(1), match.group(3), text[match.start(2) :].strip(), scope, direct=True, line=line
    )


def _from_requirement(requirement: Requirement, line: int, scope: Scope | None) -> Entry:
    if requirement.url:
        entry = _from_url(requirement.url, line, scope) or Entry(requirement.name, line=line, scope=scope)
        entry.name = requirement.name
        return entry
    wanted = str(requirement.specifier)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return Entry(
        name=requirement.name,
        version=pinned_version(requirement.specifier),
        requirement=f"{extras}{wanted}{marker}",
        scope=scope,
        direct=True,
        line=line,
    )


def _from_url(url: str, line: int, scope: Scope | None) -> Entry | None:
    origin = Origin.VCS if url.startswith(_VCS) else Origin.URL
    if url.startswith("file:"):
        origin = Origin.PATH
    egg = _EGG.search(url)
    wheel = _WHEEL.search(url.split("#", 1)[0].split("?", 1)[0])
    name = egg.group(1) if egg else wheel.group(1) if wheel else _last_segment(url)
    version = wheel.group(2) if wheel and origin is Origin.URL else ""
    if not name:
        return None
    return Entry(
        name=name, version=version, scope=scope, direct=True, origin=origin, source=clean_url(url), line=line
    )


def _from_path(path: str, line: int, scope: Scope | None) -> Entry | None:
    path = path.split(";", 1)[0].strip()
    wheel = _WHEEL.search(path)
    name = wheel.group(1) if wheel else _last_segment(path.split("[", 1)[0])
    if not name.strip("."):
        return None
    version = wheel.group(2) if wheel else ""
    return Entry(
        name=name, version=version, scope=scope, direct=True, origin=Origin.PATH, source=path, line=line
    )


def _last_segment(url: str) -> str:
    path = url.split("#", 1)[0].split("?", 1)[0].split("://", 1)[-1].rstrip("/")
    # A git ref follows the last `@` behind the path, never the one of a user name in front of the host.
    last = path.rpartition("/")[2].partition("@")[0]
    return last.removesuffix(".git")
