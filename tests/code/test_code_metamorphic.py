"""What must not change findings, and what must: one program a language, written in many ways."""

from __future__ import annotations

import re

import pytest
from metamorphic_programs import LANGUAGES, Language

from assay.code.project import analyse
from assay.rules.load import load_engine

RULES = load_engine("code")


def put(
    one: Language,
    sinks: list[str],
    source: str = "",
    definitions: str = "",
    imports: str = "",
    dead: str = "",
    comment: str = "",
) -> str:
    """The program with its parts filled in. Sinks are written at the indentation of the dead code."""
    indent = re.match(r"[ \t]*", one.dead)
    by = indent.group(0) if indent else ""
    lines = "\n".join(f"{comment}{by}{line}" for line in sinks)
    return one.program.format(
        source=source or one.source,
        sinks=lines,
        definitions=definitions,
        imports=imports,
        dead=dead.format(),
    )


def plain(one: Language, value: str = "wanted") -> list[str]:
    return [sink.format(v=value) for _, sink, _ in one.sinks]


def reported(files: dict[str, str], one: Language) -> set[str]:
    wanted = {rule for rule, _, _ in one.sinks}
    results = analyse([(uri, text.encode()) for uri, text in files.items()], RULES)
    assert not any(result.partial or result.failed for result in results), [
        (r.uri, r.partial, r.failed) for r in results
    ]
    found = {f.rule_id.removeprefix("code/") for result in results for f in result.findings}
    return found & wanted


def renamed(one: Language) -> dict[str, str]:
    text = put(one, plain(one))
    for number, name in enumerate(one.names):
        text = re.sub(rf"(?<![\w.]){name}\b(?!\s*[:=(]?\s*['\"])", f"v{number}x", text)
    return {one.path: text}


def with_helper_of_source(one: Language) -> dict[str, str]:
    definition, call = one.helper_of_source
    return {one.path: put(one, plain(one), call, definition.format(source=one.source))}


def with_helpers_of_sinks(one: Language) -> dict[str, str]:
    definitions = "".join(one.helper_of_sink(n, body) for n, body in enumerate(plain(one, "value")))
    return {
        one.path: put(
            one,
            [one.call_of_sink.format(n=n, v="wanted") for n in range(len(one.sinks))],
            definitions=definitions,
        )
    }


def in_classes(one: Language) -> dict[str, str]:
    definitions = "".join(one.method_of_sink(n, body) for n, body in enumerate(plain(one, "value")))
    return {
        one.path: put(
            one,
            [one.call_of_method.format(n=n, v="wanted") for n in range(len(one.sinks))],
            definitions=definitions,
        )
    }


def in_another_file(one: Language) -> dict[str, str]:
    body = "".join(one.helper_of_sink(n, sink) for n, sink in enumerate(plain(one, "value"))).replace(
        "    private static", "    static"
    )
    if one.path.endswith(".js"):
        body += "module.exports = { " + ", ".join(f"act{n}" for n in range(len(one.sinks))) + " };\n"
    body = re.sub(r"(?m)^function act", "export function act", body) if one.path.endswith(".ts") else body
    head = one.other_head
    other = head.format(body=body) if "{body}" in head else head.format() + body
    files = {
        one.path: put(
            one,
            [one.call_of_other.format(n=n, v="wanted") for n in range(len(one.sinks))],
            imports=one.import_other,
        )
    }
    if one.path.endswith(".py"):
        files["shop/__init__.py"] = ""
    return {**files, one.other_file: other}


def with_dead_code(one: Language) -> dict[str, str]:
    return {one.path: put(one, plain(one), dead=one.dead)}


def reformatted(one: Language) -> dict[str, str]:
    text = put(one, plain(one), comment=one.comment)
    text = re.sub(r", ", ",   ", text).replace("\n\n", "\n\n\n\n")
    return {one.path: text.replace("\n", "\r\n") if not one.path.endswith(".py") else text}


def through_a_copy(one: Language) -> dict[str, str]:
    return {one.path: put(one, plain(one, "label"))}


SAME = {
    "renamed": renamed, "source in a helper": with_helper_of_source, "sinks in helpers": with_helpers_of_sinks, "sinks in classes": in_classes,
    "sinks in another file": in_another_file, "dead code": with_dead_code, "reformatted": reformatted, "through a copy": through_a_copy,
}  # fmt: skip


@pytest.mark.parametrize("form", SAME)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_program_written_differently_has_the_same_findings(language: str, form: str) -> None:
    one = LANGUAGES[language]
    expected = {rule for rule, _, _ in one.sinks}
    assert reported({one.path: put(one, plain(one))}, one) == expected
    assert reported(SAME[form](one), one) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_constant_instead_of_the_source_silences_all(language: str) -> None:
    one = LANGUAGES[language]
    assert reported({one.path: put(one, plain(one), one.constant)}, one) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sink_made_safe_is_silent_and_the_others_stay(language: str) -> None:
    one = LANGUAGES[language]
    for made_safe, (rule, _, safe) in enumerate(one.sinks):
        sinks = plain(one)
        sinks[made_safe] = safe.format(v="wanted")
        expected = {other for other, _, _ in one.sinks} - {rule}
        assert reported({one.path: put(one, sinks)}, one) == expected, rule


@pytest.mark.parametrize("language", LANGUAGES)
def test_made_safe_inside_a_helper_of_another_file_is_silent_too(language: str) -> None:
    one = LANGUAGES[language]
    safe = [text.format(v="value") for _, _, text in one.sinks]
    definitions = "".join(one.helper_of_sink(n, body) for n, body in enumerate(safe))
    sinks = [one.call_of_sink.format(n=n, v="wanted") for n in range(len(one.sinks))]
    assert reported({one.path: put(one, sinks, definitions=definitions)}, one) == set()
