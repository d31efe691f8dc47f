"""Facts from what projects declare elsewhere: addresses, ports, owners. Values in, facts out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assay.scan.triage.context import Exposure, Fact, Topic

_INTERNAL_SUFFIXES = (
    ".local",
    ".internal",
    ".lan",
    ".svc",
    ".cluster.local",
    ".intranet",
    ".corp",
    ".home.arpa",
    ".test",
    ".localhost",
)
_EXAMPLE_HOSTS = ("example.com", "example.org", "example.net")
_MAX_OWNERS = 10_000
_CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")


def exposure_of_host(host: str) -> Exposure | None:
    """Who reaches a server under this name or address; None where the name says nothing (an example, a variable)."""
    name = host.strip().strip("[]").lower().rstrip(".")
    if not name or "{" in name or "$" in name or name.endswith(_EXAMPLE_HOSTS):
        return None
    if name == "localhost":
        return Exposure.NONE
    import ipaddress  # only where a server is named

    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        internal = name.endswith(_INTERNAL_SUFFIXES) or "." not in name
        return Exposure.INTERNAL if internal else Exposure.INTERNET
    if address.is_loopback:
        return Exposure.NONE
    if address.is_unspecified:
        return (
            Exposure.INTERNAL
        )  # every interface: at least the network, and more only where a port is published
    return Exposure.INTERNAL if address.is_private or address.is_link_local else Exposure.INTERNET


def exposure_of_url(url: str) -> Exposure | None:
    """Who reaches an API under this server URL (OpenAPI `servers`); None for a relative one."""
    _, separator, rest = url.partition("://")
    if not separator:
        return None
    authority = rest.split("/", 1)[0].rpartition("@")[2]
    host = authority.split("]")[0] if authority.startswith("[") else authority.split(":")[0]
    return exposure_of_host(host)


def owners_of(read: Callable[[str], bytes | None]) -> tuple[Fact, ...]:
    """Owners from the first CODEOWNERS file there is, in GitHub's order."""
    for uri in _CODEOWNERS:
        content = read(uri)
        if content is not None:
            return tuple(owners(content.decode("utf-8", "replace"), uri))
    return ()


def owners(codeowners: str, source: str) -> Iterator[Fact]:
    """Owners from a CODEOWNERS file, in its order: of several that match, the last counts."""
    for number, line in enumerate(codeowners.splitlines()[:_MAX_OWNERS], start=1):
        words = line.split("#")[0].split()
        if len(words) < 2 or words[0].startswith(("[", "^[", "!")):
            continue
        for pattern in _globs(words[0]):
            yield Fact(Topic.OWNER, pattern, " ".join(words[1:]), f"{source}:{number}")


def _globs(pattern: str) -> Iterator[str]:
    """A CODEOWNERS pattern as globs from the root: without a slash inside it matches at any depth, and a folder all below it."""
    anchored = "/" in pattern.rstrip("/")
    path = pattern.strip("/")
    prefix = "" if anchored or path == "*" else "**/"
    if path == "*":
        yield "**"
        return
    if not pattern.endswith("/"):
        yield prefix + path
    if not path.endswith("*"):
        yield prefix + path + "/**"
