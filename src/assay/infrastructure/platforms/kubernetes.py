"""Kubernetes objects as units, read together: manifests, Lists, Kustomize patches and Helm templates.

Kinds: every object under its own kind (`Deployment`, `Role`, ...), `object` (any), `pod` (the pod specification of any workload) and
`container` (ordinary, init and ephemeral). A container gets `ref` (image facts), `group` (containers, initContainers, ...), `credentials`
(environment variables that hold one in clear) and `security`: its own security context over its pod's. A Secret gets `carried`: its entries that hold a credential.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from assay.infrastructure.credentials import is_guessable, is_secret_setting
from assay.infrastructure.documents.placed import placed, resolved
from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.documents.read_yaml import Documents, read_yaml
from assay.infrastructure.documents.templates import holes, is_template
from assay.infrastructure.node import OPEN, UNKNOWN, Node, Span, Unknown
from assay.infrastructure.platforms.docker import image_facts
from assay.infrastructure.unit import RENDERED, Problem, Reading, Unit

PLATFORM = "kubernetes"
_POD_PATHS = ("spec.template.spec", "spec.jobTemplate.spec.template.spec", "template.spec")
_GROUPS = ("containers", "initContainers", "ephemeralContainers")
_INHERITED = ("runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile", "appArmorProfile")
_MAX_LIST = 20


def read_all(texts: Mapping[str, str], rendered: Mapping[str, str] | None = None) -> Iterable[Reading]:
    """The units of every manifest of a project. `rendered` is what `helm` made of templates: values from there, places from the template."""
    charts = {
        uri.rpartition("/")[0]: text
        for uri, text in texts.items()
        if uri.endswith(("values.yaml", "values.yml"))
    }
    defaults: dict[str, Node | None] = {}
    for folder, text in charts.items():
        roots = read_yaml(text).roots
        defaults[folder] = roots[0] if roots else None
    parsed = {
        uri: _parse(uri, text, _values_of(uri, defaults))
        for uri, text in texts.items()
        if uri.rpartition("/")[0] not in charts or not uri.endswith(("values.yaml", "values.yml"))
    }
    patches = _patches({uri: documents for uri, (documents, _) in parsed.items()})
    for uri, (documents, template) in parsed.items():
        if rendered is not None and uri in rendered:
            yield _rendered(uri, rendered[uri], documents)
            continue
        units = tuple(unit for root in documents.roots for unit in _units(uri, root, uri in patches))
        problems = documents.problems
        if template:
            problems = tuple(
                Problem("template", f"read as far as it is YAML: {problem.detail}", problem.line)
                for problem in problems
            )
        yield Reading(uri, PLATFORM, units, problems)


def _rendered(uri: str, text: str, template: Documents) -> Reading:
    documents = read_yaml(text)
    units = tuple(
        replace(unit, style=RENDERED)
        for root in placed(documents.roots, template.roots)
        for unit in _units(uri, root, patch=False)
    )
    return Reading(uri, PLATFORM, units, documents.problems)


def _values_of(uri: str, defaults: Mapping[str, Node | None]) -> Node | None:
    folder = f"/{uri}".partition("/templates/")[0].lstrip("/")
    return defaults.get(folder)


def _parse(uri: str, text: str, values: Node | None) -> tuple[Documents, bool]:
    if uri.endswith(".json"):
        return read_json(text), False
    if not is_template(text):
        return read_yaml(text), False
    filled = holes(text, values).text
    documents = read_yaml(filled)
    if (
        documents.problems and OPEN in filled
    ):  # an include in a place where it breaks the rest: left out, and everything open
        again = read_yaml(
            "\n".join("" if line.lstrip().startswith(OPEN) else line for line in filled.split("\n"))
        )
        if len(again.problems) < len(documents.problems):
            documents = Documents(tuple(_opened(root) for root in again.roots), again.problems)
    return documents, True


def _patches(parsed: Mapping[str, Documents]) -> set[str]:
    """The files that some kustomization names as a patch: they complete an object that stands elsewhere."""
    found: set[str] = set()
    for uri, documents in parsed.items():
        for root in documents.roots:
            if root.text("kind") not in ("Kustomization", "Component") and "kustomization" not in uri:
                continue
            for list_name in ("patches", "patchesStrategicMerge", "patchesJson6902"):
                for item in (root.get(list_name) or Node(None)).items():
                    name = item.text("path") or item.text()
                    if name and "\n" not in name:
                        found.add(resolved(uri, name))
    return found


def _units(uri: str, root: Node, patch: bool, depth: int = 0) -> Iterator[Unit]:
    if root.text("kind").endswith("List") and root.get("items") is not None and depth < _MAX_LIST:
        for item in (root.get("items") or root).items():
            yield from _units(uri, item, patch, depth + 1)
        return
    kind = root.text("kind")
    if not kind or root.get("apiVersion") is None or not isinstance(root.value, dict):
        return
    if patch:
        root = _opened(root)
    if kind == "Secret" and isinstance(root.value, dict):
        root = Node({**root.value, "carried": Node(list(_carried(root)), root.span)}, root.span, root.key)
    head = _head(root)
    own_name = (root.get("metadata") or Node(None)).text("name")
    name = f"{kind}/{own_name}" if own_name else kind
    address = f"{uri}#{name}"
    yield Unit(PLATFORM, kind, name, uri, root, head, {"object": root}, address=address)
    yield Unit(PLATFORM, "object", name, uri, root, head, {"object": root})
    pod = _pod(root, kind)
    if pod is not None:
        pod = _with_mounts(pod)
        yield Unit(PLATFORM, "pod", name, uri, pod, head, {"object": root, "pod": pod})
        yield from _containers(uri, root, pod, name)


def _carried(secret: Node) -> Iterator[Node]:
    """The entries of a Secret that hold a credential in clear or in base64."""
    for group in ("stringData", "data"):
        for name, value in (secret.get(group) or Node(None)).fields():
            text = value.value
            if not isinstance(text, str) or not text.strip():
                continue
            plain = text
            if group == "data":
                try:
                    plain = b64decode(text, validate=False).decode("utf-8", "replace")
                except ValueError:
                    continue
            file = name.lower().endswith((".key", "dockerconfigjson", "id_rsa", "privatekey", "kubeconfig"))
            if (file and len(plain) > 20) or is_secret_setting(
                name.replace("-", "_").replace(".", "_"), plain
            ):
                yield Node({"name": Node(name, value.span), "value": value}, value.span, value.key)


def _opened(node: Node, depth: int = 12) -> Node:
    """The same with every mapping open: what a patch leaves out stands in the object that it patches."""
    if isinstance(node.value, dict):
        value = {name: _opened(child, depth - 1) if depth else child for name, child in node.value.items()}
        return Node({**value, OPEN: Node(UNKNOWN)}, node.span, node.key)
    if isinstance(node.value, list) and depth:
        return Node([_opened(child, depth - 1) for child in node.value], node.span, node.key)
    return node


def _head(root: Node) -> Span:
    for path in ("metadata.name", "kind"):
        node = root.at(path)
        if node is not None:
            return node.place
    return root.span


def _pod(root: Node, kind: str) -> Node | None:
    if kind == "Pod":
        spec = root.get("spec")
        return spec if spec is not None and isinstance(spec.value, dict) else None
    for path in _POD_PATHS:
        spec = root.at(path)
        if (
            spec is not None
            and isinstance(spec.value, dict)
            and (spec.get("containers") is not None or spec.is_open)
        ):
            return spec
    return None


def _with_mounts(pod: Node) -> Node:
    """The pod with `read_only` on each volume: whether every container mounts it so."""
    assert isinstance(pod.value, dict)
    modes: dict[str, set[bool]] = {}
    for group in _GROUPS:
        for container in (pod.get(group) or Node(None)).items():
            for mount in (container.get("volumeMounts") or Node(None)).items():
                only = mount.get("readOnly")
                modes.setdefault(mount.text("name"), set()).add(only is not None and only.value is True)
    volumes = pod.get("volumes")
    if volumes is None or not isinstance(volumes.value, list):
        return pod
    marked = [
        Node(
            {**volume.value, "read_only": Node(modes.get(volume.text("name")) == {True}, volume.span)},
            volume.span,
            volume.key,
        )
        if isinstance(volume.value, dict)
        else volume
        for volume in volumes.value
    ]
    return Node({**pod.value, "volumes": Node(marked, volumes.span, volumes.key)}, pod.span, pod.key)


def _containers(uri: str, root: Node, pod: Node, owner: str) -> Iterator[Unit]:
    for group in _GROUPS:
        for container in (pod.get(group) or Node(None)).items():
            if not isinstance(container.value, dict):
                continue
            node = _with_facts(container, pod, group)
            name = container.get("name")
            head = name.place if name is not None else container.span
            around = {"object": root, "pod": pod}
            yield Unit(
                PLATFORM,
                "container",
                "/".join(filter(None, (owner, container.text("name")))),
                uri,
                node,
                head,
                around,
            )


def _with_facts(container: Node, pod: Node, group: str) -> Node:
    assert isinstance(container.value, dict)
    value = dict(container.value)
    image = value.get("image")
    if image is not None:
        known = image.text() if image.known and image.value is not None else None
        value["ref"] = Node(image_facts(known, image.span), image.span, image.key)
    value["group"] = Node(group, container.span)
    value["credentials"] = Node(list(_credentials(value.get("env"))), container.span)
    value["security"] = _security(value.get("securityContext"), pod.get("securityContext"), container, pod)
    return Node(value, container.span, container.key)


def _credentials(env: Node | None) -> Iterator[Node]:
    for item in env.items() if env else ():
        value = item.get("value")
        if value is not None and is_secret_setting(item.text("name"), value.value):
            yield Node(
                {
                    "name": Node(item.text("name"), item.span),
                    "value": value,
                    "guessable": Node(is_guessable(value.text()), value.span),
                },
                value.span,
                value.key,
            )


def _security(own: Node | None, pods: Node | None, container: Node, pod: Node) -> Node:
    """The container's security context with what it inherits from its pod."""
    value: dict[str, Node] = {}
    unknown = (own is None and container.is_open) or (pods is None and pod.is_open)
    for context in (pods, own):
        if context is None or context.value is None:
            continue
        if isinstance(context.value, Unknown) or context.is_open:
            unknown = True
        inherited = context is pods
        value.update({name: node for name, node in context.fields() if not inherited or name in _INHERITED})
    if unknown:
        value[OPEN] = Node(UNKNOWN)
    span = own.span if own is not None else container.span
    return Node(value, span, own.key if own is not None else None)
