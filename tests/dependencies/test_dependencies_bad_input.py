"""Broken, hostile and huge manifests: a message, never an exception; the others are still read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.dependencies.document import MAX_MANIFEST_BYTES
from assay.dependencies.graph import build_graph
from assay.dependencies.inventory import read_inventory
from assay.dependencies.manifests.registry import READERS, read_manifest
from assay.model.component import Component

FORMATS = sorted(READERS)
JSON_FORMATS = [
    "package.json",
    "package-lock.json",
    "composer.lock",
    "composer.json",
    "packages.lock.json",
    "Pipfile.lock",
    "deno.lock",
    "bun.lock",
    "mcp.json",
]
TOML_FORMATS = [
    "pyproject.toml",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile",
    "Cargo.toml",
    "Cargo.lock",
    "libs.versions.toml",
]
YAML_FORMATS = ["pnpm-lock.yaml", "pubspec.lock", "environment.yml", "workflow"]


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.binary(max_size=400))
@settings(max_examples=15, deadline=None)
def test_no_bytes_raise(form: str, data: bytes) -> None:
    manifest = read_manifest("file", data, form=form)
    assert manifest.format == form


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "version",
                    "packages",
                    "dependencies",
                    "",
                    "a@1",
                    "resolved",
                    "dev",
                    "default",
                    "mcpServers",
                    "args",
                    "command",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@pytest.mark.parametrize("form", JSON_FORMATS)
@given(value=values)
@settings(max_examples=40, deadline=None)
def test_no_json_shape_raises(form: str, value: object) -> None:
    read_manifest("file", json.dumps(value).encode(), form=form)


@pytest.mark.parametrize("form", JSON_FORMATS + TOML_FORMATS + YAML_FORMATS)
def test_truncated(form: str) -> None:
    text = {
        "j": '{"packages": {"a": {"ver',
        "t": '[[package]]\nname = "a\n',
        "y": "packages:\n  a: {version: [1",
    }
    kind = "j" if form in JSON_FORMATS else "t" if form in TOML_FORMATS else "y"
    manifest = read_manifest("file", text[kind].encode(), form=form)
    assert manifest.failed
    assert manifest.parsed.problems[0].message


@pytest.mark.parametrize("form", FORMATS)
def test_merge_conflicts_are_named(form: str) -> None:
    manifest = read_manifest("file", b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n", form=form)
    assert manifest.failed
    assert "merge conflict" in manifest.parsed.problems[0].message
    assert manifest.parsed.problems[0].line == 2


@pytest.mark.parametrize("form", [*JSON_FORMATS, *TOML_FORMATS, *YAML_FORMATS, "pom.xml"])
def test_deep_nesting(form: str) -> None:
    deep = {"pom.xml": "<project>" + "<a>" * 100_000}
    kind = "[" * 100_000 if form in JSON_FORMATS + YAML_FORMATS else "x = " + "[" * 100_000
    assert read_manifest("file", deep.get(form, kind).encode(), form=form).failed


def test_too_large() -> None:
    manifest = read_manifest("package-lock.json", b" " * (MAX_MANIFEST_BYTES + 1))
    assert "bytes is more than" in manifest.parsed.problems[0].message


def test_entities_are_never_expanded() -> None:
    bomb = '<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><project><artifactId>&b;</artifactId></project>'
    manifest = read_manifest("pom.xml", bomb.encode())
    assert manifest.failed
    assert "entities" in manifest.parsed.problems[0].message
    outside = '<!DOCTYPE p SYSTEM "file:///etc/passwd"><project><artifactId>a</artifactId></project>'
    assert "root:" not in repr(read_manifest("pom.xml", outside.encode()))


def test_yaml_aliases_and_merge_keys_do_not_multiply() -> None:
    lines = ["a0: &a0 {x: 1}"] + [
        f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, 12)
    ]
    manifest = read_manifest("pnpm-lock.yaml", "\n".join(lines).encode())
    assert manifest.parsed.components == ()


@pytest.mark.parametrize(
    "text",
    ["a==" + "9" * 5000, "a==1" + ".0" * 3000, "a[" + "x," * 5000, "==1", "a;;;", "-e", "-r", "@ https://"],
)
def test_absurd_requirements(text: str) -> None:
    read_manifest("requirements.txt", f"{text}\nflask==3.1.0\n".encode())
    assert any(
        c.name == "flask"
        for c in read_manifest("requirements.txt", f"{text}\nflask==3.1.0\n".encode()).parsed.components
    )


def test_utf16_and_marks() -> None:
    for data in ("flask==3.1.0\n".encode("utf-16"), b"\xef\xbb\xbfflask==3.1.0\n"):
        assert [c.name for c in read_manifest("requirements.txt", data).parsed.components] == ["flask"]


def test_cycles_in_the_graph_end() -> None:
    purls = [f"pkg:npm/p{index}@1" for index in range(5)]
    components = [
        Component(purl, f"p{i}", "npm", "1", parents=(purls[(i + 1) % 5],)) for i, purl in enumerate(purls)
    ]
    graph = build_graph(components)
    assert graph.path_to(purls[0])
    assert len(list(graph.tree())) <= 10


def test_a_broken_manifest_loses_no_other() -> None:
    inventory = read_inventory(
        [
            ("package-lock.json", b"{", "package-lock.json"),
            ("requirements.txt", b"flask==3.1.0\n", "requirements.txt"),
        ]
    )
    assert [c.name for _, c in inventory.components] == ["flask"]
    assert not inventory.complete
    assert inventory.problems[0].startswith("package-lock.json: not JSON")


def test_circular_maven_parents_and_properties_end() -> None:
    pom = "<project><parent><groupId>a</groupId><artifactId>app</artifactId><version>1</version><relativePath>pom.xml</relativePath></parent><artifactId>app</artifactId><properties><x>${y}</x><y>${x}${x}</y></properties><dependencies><dependency><groupId>g</groupId><artifactId>h</artifactId><version>${x}</version></dependency></dependencies></project>"
    manifest = read_manifest("pom.xml", pom.encode(), {"pom.xml": pom.encode()}.get)
    assert manifest.parsed.components[0].version == ""


def test_trees_deeper_than_any_real_one_are_cut_and_said() -> None:
    path = "node_modules/a/" * 200 + "node_modules/b"
    flat = {"packages": {path: {"version": "1.0.0"}, "node_modules/c": {"version": "1.0.0"}}}
    manifest = read_manifest("package-lock.json", json.dumps(flat).encode())
    assert [c.name for c in manifest.parsed.components] == ["c"]
    assert "nested more than" in manifest.parsed.problems[0].message
    tree: dict[str, object] = {"version": "1.0.0"}
    for _ in range(100):
        tree = {"version": "1.0.0", "dependencies": {"a": tree}}
    manifest = read_manifest(
        "package-lock.json", json.dumps({"lockfileVersion": 1, "dependencies": {"a": tree}}).encode()
    )
    assert any("nested more than" in problem.message for problem in manifest.parsed.problems)


def test_yaml_that_would_take_minutes_is_refused() -> None:
    manifest = read_manifest("pnpm-lock.yaml", b"# " + b"x" * (13 * 1024 * 1024))
    assert "of YAML is more than" in manifest.parsed.problems[0].message


def test_names_out_of_order_keep_their_lines() -> None:
    text = "".join(f'"b{i}": ["b{i}@1.0.0", "", {{}}, ""],\n' for i in reversed(range(3)))
    manifest = read_manifest("bun.lock", ('{"packages": {\n' + text + "}}").encode())
    lines = {c.name: c.location.region.start_line for c in manifest.parsed.components if c.location}
    assert lines == {"b2": 2, "b1": 3, "b0": 4}
