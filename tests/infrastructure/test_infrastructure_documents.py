"""Readers: places, limits, broken and hostile input."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.infrastructure.documents.read_bicep import read_bicep
from assay.infrastructure.documents.read_dockerfile import read_dockerfile
from assay.infrastructure.documents.read_hcl import read_hcl
from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.documents.read_toml import read_toml
from assay.infrastructure.documents.read_yaml import read_yaml
from assay.infrastructure.documents.templates import holes
from assay.infrastructure.documents.text import decode
from assay.infrastructure.node import Node, Unknown, plain
from assay.infrastructure.scripts import Place, commands

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcdefg_", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=60, deadline=None)
def test_json_reads_what_json_writes(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)):
        (root,) = read_json(text).roots
        assert plain(root) == value


@given(VALUES)
@settings(max_examples=60, deadline=None)
def test_places_of_json_are_where_the_text_stands(value: object) -> None:
    text = json.dumps({"key": value})
    node = read_json(text).roots[0].get("key")
    assert node is not None
    assert json.loads(text[node.span.start_column - 1 : node.span.end_column - 1]) == value


@given(st.text(max_size=300))
@settings(max_examples=80, deadline=None)
def test_no_reader_raises(text: str) -> None:
    for reader in (read_yaml, read_json, read_toml, read_hcl, read_bicep, read_dockerfile, holes):
        reader(text)
    commands(text, Place(1, 1))


@given(st.text("{}[]():,'\"\n #<&*!|>-$=ab1\\`;", max_size=200))
@settings(max_examples=120, deadline=None)
def test_no_reader_raises_on_punctuation(text: str) -> None:
    for reader in (read_yaml, read_json, read_toml, read_hcl, read_bicep, read_dockerfile, holes):
        reader(text)
    commands(text, Place(1, 1))


def test_yaml_places_count_code_points() -> None:
    node = read_yaml("é: ü\nb:\n  - x\n").roots[0]
    first = node.get("é")
    second = node.at("b")
    assert first is not None
    assert second is not None
    assert first.span == (1, 4, 1, 5)
    assert second.key == (2, 1, 2, 2)
    assert next(second.items()).span == (3, 5, 3, 6)


def test_one_broken_document_does_not_hide_the_others() -> None:
    documents = read_yaml("a: 1\n---\nb: [\n---\nc: 3\n")
    assert [plain(root) for root in documents.roots] == [{"a": 1}, {"c": 3}]
    assert [problem.line for problem in documents.problems] == [4]


def test_anchors_merge_and_may_be_cyclic() -> None:
    (root,) = read_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: &c [*c]\n").roots
    assert plain(root.get("b") or Node(None)) == {"x": 1, "y": 3}


def test_an_alias_bomb_costs_nothing() -> None:
    text = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)
    )
    (root,) = read_yaml(text).roots
    assert root.get("a59") is not None


@pytest.mark.parametrize("reader", [read_yaml, read_json])
def test_deep_nesting_is_a_problem_and_no_crash(reader: object) -> None:
    documents = reader("[" * 100_000)  # type: ignore[operator]  # both take a text
    assert documents.roots == ()
    assert documents.problems[0].reason in ("too-large", "syntax")


def test_too_large_binary_and_odd_encodings_are_named() -> None:
    assert decode(b"a" * (8 * 1024 * 1024 + 1))[1].reason == "too-large"  # type: ignore[union-attr]
    assert decode(b"a\0b")[1].reason == "binary"  # type: ignore[union-attr]
    assert decode("ä: 1".encode("latin-1"))[1].reason == "encoding"  # type: ignore[union-attr]
    assert decode("a: é".encode("utf-16"))[0] == "a: é"


def test_jsonc_comments_and_trailing_commas() -> None:
    (root,) = read_json('{ // one\n "a": 1, /* two\n */ "b": [2,],\n}').roots
    assert plain(root) == {"a": 1, "b": [2]}


def test_dockerfile_continuations_comments_and_heredocs() -> None:
    instructions, problems = read_dockerfile(
        'FROM a\nRUN x \\\n  # note\n  && y\nRUN <<EOF\nz\nEOF\nCMD ["a"]\nWHAT is this\n'
    )
    assert [each.name for each in instructions] == ["from", "run", "run", "cmd"]
    assert instructions[1].joined == "x && y"
    assert instructions[2].heredocs[0].text == "z"
    assert [problem.line for problem in problems] == [9]


def test_dockerfile_escape_directive() -> None:
    instructions, _ = read_dockerfile("# escape=`\nFROM a\nRUN dir `\n  c:\\\nCMD x\n")
    assert [each.name for each in instructions] == ["from", "run", "cmd"]


def test_templates_keep_places_and_drop_what_is_off_by_default() -> None:
    (values,) = read_yaml("on: true\noff: false\nname: web\n").roots
    text = "a: {{ .Values.name }}\n{{- if .Values.off }}\nb: 1\n{{- else }}\nc: 2\n{{- end }}\nd: {{ .Values.other }}\n"
    (root,) = read_yaml(holes(text, values).text).roots
    assert plain(root) == {"a": "web", "c": 2, "d": None}
    assert isinstance((root.get("d") or Node(None)).value, Unknown)
    assert (root.get("d") or Node(None)).key == (7, 1, 7, 2)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("apt-get update && apt-get install -y curl", [("apt-get", "update"), ("apt-get", "install")]),
        ("curl -s x | sudo bash -s", [("curl", "x"), ("bash", None)]),
        ("FOO=1 env BAR=2 pip install a", [("pip", "install")]),
        ("if [ -f x ]; then python -m pip install y; fi", [("[", "x"), ("pip", "install")]),
        ("echo $(curl -s y)", [("echo", "$(curl -s y)"), ("curl", "y")]),
        ("sh -c 'wget z'", [("sh", "wget z"), ("wget", "z")]),
    ],
)
def test_commands_of_scripts(script: str, expected: list[tuple[str, str | None]]) -> None:
    found = [(each.text("name"), each.text("verb") or None) for each in commands(script, Place(1, 1))]
    assert [pair for pair in found if pair[0] != "]"] == expected


def test_a_pipe_knows_both_ends() -> None:
    first, second = commands("curl x | sh", Place(3, 5))
    assert plain(first.get("to") or Node(None)) == ["sh"]
    assert plain(second.get("from") or Node(None)) == ["curl"]
    assert second.span[:2] == (3, 14)
