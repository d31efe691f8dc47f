"""The identity of a package: package URLs (https://github.com/package-url/purl-spec) and ecosystem names as OSV spells them."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote

import re2

# OSV ecosystem <-> purl type. https://ossf.github.io/osv-schema/#affectedpackage-field
PURL_TYPES: dict[str, str] = {
    "PyPI": "pypi",
    "npm": "npm",
    "Go": "golang",
    "crates.io": "cargo",
    "Maven": "maven",
    "RubyGems": "gem",
    "Packagist": "composer",
    "NuGet": "nuget",
    "Hex": "hex",
    "Pub": "pub",
    "GitHub Actions": "githubactions",
    "Docker": "docker",
    "Debian": "deb",
    "Alpine": "apk",
    "conda": "conda",
    "JSR": "jsr",
    "generic": "generic",
}
ECOSYSTEMS = {purl_type: ecosystem for ecosystem, purl_type in PURL_TYPES.items()} | {
    "github": "GitHub Actions"
}
_SEPARATORS = re2.compile(r"[-_.]+")
_HOSTED = re2.compile(
    r"(?i)\b(github|gitlab|bitbucket)(?:\.com|\.org)?[/:]+([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+)"
)
_LOWER = frozenset({"Packagist", "GitHub Actions", "Hex"})


@lru_cache(maxsize=65_536)
def canonical_name(ecosystem: str, name: str) -> str:
    """The name under which a registry keys a package: PEP 503 for PyPI, lower case for Packagist, `group:artifact` for Maven."""
    name = name.strip()
    if ecosystem == "PyPI":
        return str(_SEPARATORS.sub("-", name)).lower()
    if ecosystem in _LOWER:
        return name.lower()
    if ecosystem == "Maven":
        return name.replace("/", ":")
    return name


def match_key(ecosystem: str, name: str) -> str:
    """The name under which advisories are looked up; NuGet ids differ in case only by spelling."""
    canonical = canonical_name(ecosystem, name)
    return canonical.lower() if ecosystem == "NuGet" else canonical


@lru_cache(maxsize=65_536)
def make_purl(ecosystem: str, name: str, version: str = "", qualifiers: str = "") -> str:
    """The package URL, without version where none is given. Go paths keep their case: the proxy and the advisories do."""
    purl_type = PURL_TYPES.get(ecosystem, "generic")
    path = canonical_name(ecosystem, name)
    if ecosystem == "Maven":
        path = path.replace(":", "/", 1)
    encoded = "/".join(quote(part, safe=":~") for part in path.split("/") if part)
    suffix = f"@{quote(version, safe=':~')}" if version else ""
    return f"pkg:{purl_type}/{encoded}{suffix}" + (f"?{qualifiers}" if qualifiers else "")


def vcs_purl(name: str, version: str, source: str) -> str:
    """The package URL of a repository: of its hosting service where that has a purl type, else generic with `vcs_url`."""
    url = source.removeprefix("git+").removeprefix("registry+")
    match = _HOSTED.search(url)
    if match is not None:
        host, owner, repository = (str(group).lower() for group in match.groups())
        path = "/".join(quote(part, safe="~") for part in (host, owner, repository.removesuffix(".git")))
        return f"pkg:{path}" + (f"@{quote(version, safe=':~')}" if version else "")
    return make_purl("generic", name, version, vcs_qualifier(source))


def vcs_qualifier(source: str) -> str:
    """The qualifier that says from which repository a package was built, empty where that is not known."""
    return f"vcs_url={quote(source, safe=':~')}" if source else ""


def split_purl(purl: str) -> tuple[str, str, str]:
    """Ecosystem, name and version of a package URL; the ecosystem is the purl type itself where OSV has none.

    Raises:
        ValueError: the text is not a package URL.
    """
    if not purl.startswith("pkg:"):
        raise ValueError(f"not a package URL: {purl[:100]}")
    rest = purl[4:].lstrip("/").split("#", 1)[0].split("?", 1)[0]
    purl_type, _, path = rest.partition("/")
    name, _, version = path.rpartition("@") if "@" in path[1:] else (path, "", "")
    if not purl_type or not name:
        raise ValueError(f"not a package URL: {purl[:100]}")
    ecosystem = ECOSYSTEMS.get(purl_type.lower(), purl_type.lower())
    name = unquote(name)
    if ecosystem == "Maven":
        name = name.replace("/", ":")
    return ecosystem, name, unquote(version)


def without_version(purl: str) -> str:
    """The package URL of the package at any version."""
    head = purl.split("?", 1)[0].split("#", 1)[0]
    name, at, _ = head.rpartition("@")
    return name if at and "/" in name else head


def clean_url(url: str) -> str:
    """A URL without user name, password, query and fragment: tokens live there, and reports are shared."""
    head, separator, rest = url.strip().partition("://")
    if not separator:
        return url.strip().split("#", 1)[0].split("?", 1)[0][:300]
    rest = rest.split("#", 1)[0].split("?", 1)[0]
    authority, slash, path = rest.partition("/")
    return f"{head}://{authority.rpartition('@')[2]}{slash}{path}"[:300]
