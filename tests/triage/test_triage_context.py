from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.model.errors import ConfigError
from assay.scan.triage.context import Context, Fact, Topic, parse_context, read_context, show
from assay.scan.triage.inference import exposure_of_host, exposure_of_url, owners

FILE = b"""
version: 1
tier: production
compliance: [soc2]
components:
  - name: api
    paths: ["services/**", "services/api/"]
    exposure: internet
    data: [phi, credentials]
    authenticated: false
    compliance: [hipaa]
    owner: "@team-api"
    threats: [T-3]
  - name: admin
    paths: ["services/admin/**"]
    exposure: internal
    tier: internal
"""


def test_the_longest_path_decides_and_the_top_holds_for_the_rest() -> None:
    context = Context(parse_context(FILE, "context.yaml"))
    api, admin, other = (context.at(f"services/{name}/x.py") for name in ("api", "admin", "web"))
    assert (api.component, admin.component, other.component) == ("api", "admin", "api")
    assert api.exposure is not None
    assert (api.exposure.value, api.exposure.inferred) == ("internet", False)
    assert {known.value for known in api.data} == {"phi", "credentials"}
    assert api.compliance == {"hipaa", "soc2"}
    assert api.authenticated is not None
    assert api.authenticated.value == "false"
    assert api.threats == ("T-3",)
    assert admin.tier is not None
    assert admin.tier.value == "internal"
    outside = context.at("README.md")
    assert outside.tier is not None
    assert (outside.tier.value, outside.exposure, outside.component) == ("production", None, "")


def test_declared_beats_inferred_and_the_riskier_fact_beats_the_other() -> None:
    facts = (
        Fact(Topic.EXPOSURE, "services/**", "internal", "compose.yaml:3"),
        Fact(Topic.EXPOSURE, "services/**", "internet", "ingress.yaml:9"),
        Fact(Topic.EXPOSURE, "services/admin/**", "internet", "ingress.yaml:9"),
    )
    context = Context(parse_context(FILE, "context.yaml"), facts)
    admin = context.at("services/admin/x.py").exposure
    assert admin is not None
    assert admin.value == "internal"
    inferred = Context(facts=facts).at("services/web/x.py").exposure
    assert inferred is not None
    assert (inferred.value, inferred.evidence, inferred.inferred) == ("internet", "ingress.yaml:9", True)


def test_a_fact_may_be_about_one_line() -> None:
    context = Context(facts=(Fact(Topic.REACHABLE, "a.py", "true", "route GET /", line=7),))
    assert context.at("a.py", 7).reachable is not None
    assert context.at("a.py", 8).reachable is None


def test_a_fact_with_a_value_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="exposure"):
        Fact(Topic.EXPOSURE, "**", "everywhere", "e")


def test_every_value_is_shown_with_where_it_comes_from() -> None:
    facts = (
        *owners("* @all\n/services/ @team # x\n", "CODEOWNERS"),
        Fact(Topic.DATA, "**", "pii", "model User"),
    )
    shown = show(Context(facts=facts), ["services/a.py", "tests/test_a.py"])
    assert "owner: @team  [inferred from CODEOWNERS:2]" in shown
    assert "data: pii  [inferred from model User]" in shown
    assert "environment: test  [inferred from the path tests/test_a.py]" in shown
    assert "declared in c.yaml" in show(
        Context(parse_context(FILE, "c.yaml"), source="c.yaml"), ["services/api/a.py"]
    )


@pytest.mark.parametrize(
    ("line", "uri", "owned"),
    [
        ("*.py @a", "x/y.py", True),
        ("*.py @a", "x/y.js", False),
        ("/docs/ @a", "docs/x/y.md", True),
        ("/docs/ @a", "a/docs/x.md", False),
        ("docs/ @a", "a/docs/x.md", True),
        ("src/app @a", "src/app/x.py", True),
        ("# only a comment", "x.py", False),
        ("[Section] @a", "x.py", False),
        ("*.py", "x.py", False),
    ],
)
def test_codeowners(line: str, uri: str, owned: bool) -> None:
    assert (Context(facts=tuple(owners(line, "CODEOWNERS"))).at(uri).owner is not None) is owned


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.acme.io/v1", "internet"),
        ("https://user:pw@api.acme.io:8443", "internet"),
        ("http://orders.svc.cluster.local", "internal"),
        ("http://orders:8080", "internal"),
        ("http://10.1.2.3/", "internal"),
        ("http://8.8.8.8/", "internet"),
        ("http://[::1]:80/", "none"),
        ("http://127.0.0.1:8000", "none"),
        ("http://localhost", "none"),
        ("https://api.example.com", None),
        ("https://{host}/v1", None),
        ("/v1", None),
    ],
)
def test_exposure_by_server_url(url: str, expected: str | None) -> None:
    found = exposure_of_url(url)
    assert (found.value if found else None) == expected


def test_every_interface_is_not_the_internet() -> None:
    found = exposure_of_host("0.0.0.0")
    assert found is not None
    assert found.value == "internal"


@pytest.mark.parametrize(
    "text",
    [
        b"version: 2",
        b"exposure: everywhere",
        b"compliance: [hippa]",
        b"components:\n  - name: a\n",
        b"components:\n  - name: a\n    paths: [x]\n    typo: 1\n",
        b"- 1",
        b"{",
        b"a: &a 1\nb: *a\n",
    ],
)
def test_a_broken_file_is_a_clear_error(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "context.yaml"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=r"context\.yaml") as error:
        read_context(path)
    assert error.value.advice


def test_no_file_is_an_empty_context(tmp_path: Path) -> None:
    assert read_context(tmp_path / "none.yaml").at("a.py").exposure is None
    assert parse_context(b"", "x").components == []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_url_and_any_owners_file(text: str) -> None:
    exposure_of_url("http://" + text)
    assert all(fact.evidence.startswith("CODEOWNERS:") for fact in owners(text, "CODEOWNERS"))
