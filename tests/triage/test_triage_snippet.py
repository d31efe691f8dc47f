from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from triage_sample import finding, sources, triaged

from assay.model.location import Location, Region
from assay.scan.triage.snippet import with_snippets

VALUE = "Sup3r" + "S3cret" + "Value99"


def shown(text: str, line: int, *secrets: Region, end_line: int = 0) -> str:
    found = [triaged(finding(uri="a.py", line=line, end_line=end_line, columns=(1, 5)))]
    for region in secrets:
        secret = replace(
            finding("secrets/x", uri="a.py", cwe=("CWE-798",)), location=Location("a.py", region)
        )
        found.append(triaged(secret))
    return with_snippets(found, sources({"a.py": text}))[0].finding.location.snippet


def test_the_lines_of_the_region() -> None:
    assert shown("a\nb\nc\nd", 2, end_line=3) == "b\nc"
    assert shown("\n".join("abcdefgh"), 1, end_line=8) == "a\nb\nc\nd\ne"
    assert shown("x" * 999, 1).endswith("…")


def test_known_secrets_on_the_line_are_masked() -> None:
    line = f'run("{VALUE}", f(x), "{VALUE}")'
    first = Region(1, 6, 1, 6 + len(VALUE))
    at = line.rindex(VALUE) + 1
    second = Region(1, at, 1, at + len(VALUE))
    assert shown(line, 1, first, second) == 'run("Sup3****", f(x), "Sup3****")'


def test_a_secret_over_lines_and_overlapping_ones() -> None:
    text = f"begin {VALUE}\n{VALUE}\n{VALUE} end"
    region = Region(1, 7, 3, 1 + len(VALUE))
    assert VALUE[4:] not in shown(text, 1, region, end_line=3)
    assert shown(text, 3, region).endswith(" end")
    inner = Region(1, 9, 1, 12)
    assert VALUE[4:] not in shown(text, 1, region, inner)


def test_none_where_it_would_say_nothing_or_too_much() -> None:
    credential = triaged(finding("code/x", cwe=("CWE-798",), line=1))
    package = triaged(finding("dependencies/x", purl="pkg:pypi/a@1", line=1))
    own = triaged(
        replace(finding(line=1), location=Location("app/db.py", Region(1, 1, 1, 2), snippet="given"))
    )
    result = with_snippets([credential, package, own], sources({"app/db.py": "text"}))
    assert [one.finding.location.snippet for one in result] == ["", "", "given"]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 30),
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=4),
)
def test_no_masked_column_is_ever_shown(before: int, after: int, others: list[tuple[int, int]]) -> None:
    line = "a" * before + VALUE + "b" * after
    regions = [Region(1, min(pair), 1, max(pair)) for pair in others]
    text = shown(line, 1, Region(1, before + 1, 1, before + 1 + len(VALUE)), *regions)
    assert VALUE[4:] not in text
