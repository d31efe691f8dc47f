"""Who reaches what, as compose files, Kubernetes manifests and API descriptions of the project say it. Text in, facts out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from assay.scan.triage.context import Exposure, Fact, Topic, environment_of
from assay.scan.triage.inference import exposure_of_host, exposure_of_url

_MAX_BYTES = 512 * 1024
_MAX_DOCUMENTS = 200
_YAML = (".yaml", ".yml")
_PUBLIC_PORTS = frozenset({"80", "443"})
_LOOPBACK = ("127.", "localhost", "[::1]", "::1")
# A manifest is parsed only if it holds one of these: most YAML of a tree says nothing about who reaches it.
_TELLING = (b"kind: Ingress", b"type: LoadBalancer", b"kind: Gateway")


def observe(uris: Iterable[str], read: Callable[[str], bytes | None]) -> tuple[Fact, ...]:
    """Facts from the files of a scan, by name and content. What does not parse tells nothing; its own engine reports it.

    Tests and examples are left out: what they publish is not the project.
    """
    facts: list[Fact] = []
    for uri in uris:
        place = environment_of(uri)
        look = None if place and place.value in ("test", "example") else _look_of(uri)
        content = read(uri) if look is not None else None
        if look is None or content is None or len(content) > _MAX_BYTES:
            continue
        facts += look(uri, content)
    return tuple(dict.fromkeys(facts))


def _look_of(uri: str) -> Callable[[str, bytes], list[Fact]] | None:
    name = uri.rsplit("/", 1)[-1].lower()
    if name.startswith(("compose", "docker-compose")) and name.endswith(_YAML):
        return _compose
    if name.startswith(("openapi", "swagger")) and name.endswith((*_YAML, ".json")):
        return _openapi
    return _manifest if name.endswith(_YAML) else None


def _compose(uri: str, content: bytes) -> list[Fact]:
    """A service that publishes a port is reached from where the port is bound, and its build context is the code that is reached."""
    facts = []
    for document in _documents(content):
        for name, service in _mapping(document.get("services")).items():
            service = _mapping(service)
            found = _exposure_of_ports(service.get("ports"))
            path = _context_path(uri, service.get("build"))
            if found and path:
                facts.append(Fact(Topic.EXPOSURE, path, found.value, f"the ports of {name} in {uri}"))
    return facts


def _exposure_of_ports(ports: object) -> Exposure | None:
    """The widest of what is published: 80 and 443 to the internet, others to the network, loopback to nobody."""
    found: Exposure | None = None
    for port in ports if isinstance(ports, list) else ():
        one = _exposure_of_port(port)
        if found is None or _width(one) > _width(found):
            found = one
    return found


def _exposure_of_port(port: object) -> Exposure:
    if isinstance(port, Mapping):
        host, published = str(port.get("host_ip", "")), str(port.get("published", ""))
    else:
        parts = str(port).split("/")[0].rsplit(":", 2)
        host = parts[0] if len(parts) == 3 else ""
        published = parts[-2] if len(parts) > 1 else ""
    if host.startswith(_LOOPBACK):
        return Exposure.NONE
    return Exposure.INTERNET if published in _PUBLIC_PORTS else Exposure.INTERNAL


def _width(exposure: Exposure) -> int:
    return (Exposure.NONE, Exposure.INTERNAL, Exposure.PARTNER, Exposure.INTERNET).index(exposure)


def _context_path(uri: str, build: object) -> str:
    """The glob of a service's build context, "" where nothing is built or the context lies outside of the root."""
    context = build if isinstance(build, str) else _mapping(build).get("context", "." if build else None)
    if not isinstance(context, str) or "://" in context or context.startswith("/"):
        return ""
    parts = uri.split("/")[:-1]
    for part in context.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join((*parts, "**"))


def _openapi(uri: str, content: bytes) -> list[Fact]:
    """The servers of an API description say who reaches the folder that it stands in."""
    facts = []
    for document in _documents(content):
        servers = document.get("servers")
        hosts = [_mapping(server).get("url") for server in servers] if isinstance(servers, list) else []
        found = [exposure_of_url(url) for url in hosts if isinstance(url, str)]
        if isinstance(document.get("host"), str):  # Swagger 2
            found.append(exposure_of_host(str(document["host"]).split(":")[0]))
        facts += [
            Fact(Topic.EXPOSURE, _folder(uri), exposure.value, f"the servers of {uri}")
            for exposure in found
            if exposure is not None
        ]
    return facts


def _manifest(uri: str, content: bytes) -> list[Fact]:
    """An ingress or a load balancer opens what stands in its folder."""
    if not any(mark in content for mark in _TELLING):
        return []
    facts = []
    for document in _documents(content):
        kind, spec = document.get("kind"), _mapping(document.get("spec"))
        if kind == "Service" and spec.get("type") == "LoadBalancer":
            internal = any(
                "internal" in str(key)
                for key in _mapping(_mapping(document.get("metadata")).get("annotations"))
            )
            exposure = Exposure.INTERNAL if internal else Exposure.INTERNET
            facts.append(Fact(Topic.EXPOSURE, _folder(uri), exposure.value, f"the load balancer in {uri}"))
        elif kind == "Ingress":
            facts += _of_rules(uri, spec.get("rules"))
    return facts


def _of_rules(uri: str, rules: object) -> Iterator[Fact]:
    for rule in rules if isinstance(rules, list) else ():
        host = str(_mapping(rule).get("host", "")).removeprefix("*.")
        # Without a host an ingress answers every name.
        exposure = exposure_of_host(host) if host else Exposure.INTERNET
        if exposure is not None:
            yield Fact(Topic.EXPOSURE, _folder(uri), exposure.value, f"the ingress in {uri}")


def _folder(uri: str) -> str:
    return "/".join((*uri.split("/")[:-1], "**"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _documents(content: bytes) -> Iterator[Mapping[str, Any]]:
    """The mappings of a YAML or JSON text; none if it does not parse, or has aliases (one text a thousand values)."""
    import yaml  # only where such a file exists

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if b"*" in content and any(
            isinstance(e, yaml.AliasEvent) for e in yaml.parse(content, Loader=loader)
        ):
            return
        documents = yaml.load_all(content, Loader=loader)
        for number, document in enumerate(documents):
            if number >= _MAX_DOCUMENTS:
                return
            yield _mapping(document)
    except (yaml.YAMLError, ValueError, RecursionError):
        return
