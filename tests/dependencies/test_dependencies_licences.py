"""Licence expressions, judgements by policy and scope, conflicts, installed metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.dependencies.licences.expression import parse_expression
from assay.dependencies.licences.installed import installed_licences
from assay.dependencies.licences.judge import Answer, conflict, judge, stated_licence
from assay.dependencies.policy import LicenceExceptionRule, LicencePolicy
from assay.model.component import Component, Scope


def component(*licences: str, scope: Scope = Scope.RUNTIME) -> Component:
    return Component("pkg:npm/a@1", "a", "npm", "1", scope=scope, licences=licences)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", "MIT"),
        ("Apache 2.0", "Apache-2.0"),
        ("(MIT OR Apache-2.0)", "MIT OR Apache-2.0"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("MIT AND (BSD-3-Clause OR ISC)", "MIT AND (BSD-3-Clause OR ISC)"),
        ("MIT OR ISC AND BSD-2-Clause", "MIT OR (ISC AND BSD-2-Clause)"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("LicenseRef-own", "LicenseRef-own"),
        ("gpl v3", "GPL-3.0-only"),
        ("SEE LICENSE IN LICENSE.md", None),
        ("UNKNOWN", None),
        ("MIT OR", None),
        ("(MIT", None),
        ("some words that are none", None),
        ("", None),
    ],
)
def test_expressions(text: str, expected: str | None) -> None:
    found = parse_expression(text)
    assert (str(found) if found is not None else None) == expected


@given(st.text(alphabet="MITORANDWH()- .0123/", max_size=80))
@settings(max_examples=150, deadline=None)
def test_what_parses_says_the_same_again(text: str) -> None:
    found = parse_expression(text)
    if found is not None:
        assert str(parse_expression(str(found))) == str(found)


def test_deep_nesting_is_no_expression() -> None:
    assert parse_expression("(" * 900 + "MIT" + ")" * 900) is None


@pytest.mark.parametrize(
    ("licences", "answer"),
    [
        (("MIT",), Answer.ALLOW),
        (("AGPL-3.0-only",), Answer.DENY),
        (("MIT OR AGPL-3.0-only",), Answer.ALLOW),
        (("MIT AND AGPL-3.0-only",), Answer.DENY),
        (("GPL-3.0-or-later",), Answer.REVIEW),
        (("MIT", "GPL-3.0-only"), Answer.ALLOW),
        ((), Answer.UNKNOWN),
        (("whatever they say",), Answer.UNKNOWN),
    ],
)
def test_default_policy(licences: tuple[str, ...], answer: Answer) -> None:
    judgement = judge(component(*licences), LicencePolicy())
    assert judgement is not None
    assert judgement.answer is answer
    assert judgement.reason


def test_an_allow_list_leaves_the_rest_for_review_and_exceptions_hold() -> None:
    policy = LicencePolicy(allow=("MIT",), exceptions=(LicenceExceptionRule("npm:b*", "looked at"),))
    first = judge(component("ISC"), policy)
    assert first is not None
    assert first.answer is Answer.REVIEW
    other = Component("pkg:npm/bee@1", "bee", "npm", "1", licences=("AGPL-3.0-only",))
    second = judge(other, policy)
    assert second is not None
    assert (second.answer, second.reason) == (Answer.ALLOW, "excepted: looked at")


def test_scopes_that_are_not_looked_at() -> None:
    assert judge(component("AGPL-3.0-only", scope=Scope.DEVELOPMENT), LicencePolicy()) is None


@pytest.mark.parametrize(
    ("own", "theirs", "conflicts"),
    [
        ("MIT", "GPL-3.0-only", True),
        ("MIT", "MIT OR GPL-3.0-only", False),
        ("GPL-2.0-only", "Apache-2.0", True),
        ("GPL-3.0-or-later", "Apache-2.0", False),
        ("GPL-3.0-only", "GPL-2.0-or-later", False),
        ("GPL-2.0-only", "GPL-3.0-only", True),
        ("LicenseRef-proprietary", "MIT", False),
        ("Apache-2.0", "AGPL-3.0-only", True),
        ("", "GPL-3.0-only", False),
    ],
)
def test_conflicts_are_explained(own: str, theirs: str, conflicts: bool) -> None:
    assert bool(conflict(own, theirs)) is conflicts


def test_stated_licences_are_a_choice() -> None:
    assert stated_licence(component("MIT", "Apache-2.0 AND ISC")) == "MIT OR (Apache-2.0 AND ISC)"
    assert stated_licence(component("MIT", "no idea")) == ""


def test_installed_metadata(tmp_path: Path) -> None:
    first = tmp_path / "flask-3.dist-info"
    first.mkdir()
    (first / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: Flask\nLicense-Expression: BSD-3-Clause\n\nbody\n"
    )
    second = tmp_path / "old-1.dist-info"
    second.mkdir()
    (second / "METADATA").write_text(
        "Name: old\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n"
    )
    node = tmp_path / "node_modules" / "x"
    node.mkdir(parents=True)
    (node / "package.json").write_text('{"name": "x", "license": "ISC"}')
    broken = tmp_path / "node_modules" / "y"
    broken.mkdir()
    (broken / "package.json").write_text("{")
    assert installed_licences(tmp_path) == {
        ("PyPI", "flask"): "BSD-3-Clause",
        ("PyPI", "old"): "MIT",
        ("npm", "x"): "ISC",
    }
