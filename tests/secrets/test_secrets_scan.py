"""What a scan of one content gives: distinct secrets, places, redaction, encodings, pairs, allow comments; and what it never gives."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.model.finding import Finding
from assay.model.severity import Confidence, Severity
from assay.scan.engines.secrets import SecretsEngine
from assay.scan.target.file import SourceFile
from assay.secrets.allow import peer_allow
from assay.secrets.redact import identity_of
from assay.secrets.scan import redact_text, scan_bytes
from assay.secrets.specimen import expand


def found(text: str, uri: str = "app/settings.py", seed: str = "t") -> tuple[Finding, ...]:
    return scan_bytes(expand(text, seed).encode(), uri).findings


def rules_of(text: str, uri: str = "app/settings.py") -> list[str]:
    return [finding.rule_id.removeprefix("secrets/") for finding in found(text, uri)]


def test_distinct_secrets_on_one_line_stay_distinct() -> None:
    assert (
        rules_of('keys = ["<<github-crc32:ghp_>>", "<<github-crc32:ghp_>>", "<<npm-crc32>>"]').count(
            "github-personal-access-token"
        )
        == 2
    )


def test_the_same_secret_in_many_places_is_one_finding() -> None:
    (finding,) = found('a = "<<k=github-crc32:ghp_>>"\nb = "<<k>>"\nc = "<<k>>"\n')
    assert [place.region.start_line for place in finding.related] == [2, 3]


def test_a_wrong_checksum_is_dropped_and_counted() -> None:
    scan = scan_bytes(expand('x = "<<!github-crc32:ghp_>>"', "t").encode(), "a.py")
    assert scan.findings == ()
    assert ("wrong checksum or structure", 1) in scan.dropped


def test_an_id_and_its_secret_are_one_finding() -> None:
    (finding,) = found(
        "[default]\naws_access_key_id = <<aws-key-id>>\naws_secret_access_key = <<aws-secret>>\n",
        ".aws/credentials",
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.rule_id == "secrets/aws-secret-access-key"
    assert finding.related[0].region.start_line == 2
    assert "AWS account" in finding.message
    (alone,) = found("aws_access_key_id = <<aws-key-id>>\n", ".aws/credentials")
    assert alone.severity < Severity.HIGH


def test_places_are_in_code_points_after_any_encoding() -> None:
    text = expand('é = "ü"; token = "<<github-crc32:ghp_>>"', "t")
    for data in (
        text.encode(),
        b"\xef\xbb\xbf" + text.encode(),
        text.encode("utf-16"),
        text.encode("utf-16-be"),
        text.encode("latin-1"),
    ):
        (finding,) = scan_bytes(data, "a.py").findings
        assert finding.location.region.start_column == text.index("ghp_") + 1
        assert finding.location.region.end_column == text.index("ghp_") + 41


def test_encoded_text_is_read_one_level_deep() -> None:
    assert rules_of('blob = "<<base64(token=<<github-crc32:ghp_>>)>>"') == ["github-personal-access-token"]
    assert rules_of('blob = "<<hex(token=<<github-crc32:ghp_>>)>>"') == ["github-personal-access-token"]


def test_kubernetes_secrets_are_decoded() -> None:
    manifest = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  username: YWRtaW4=\n  password: <<base64(<<password:14>>7q)>>\n"
    (finding,) = found(manifest, "k8s/secret.yaml")
    assert finding.rule_id == "secrets/generic-password"
    assert finding.location.region.start_line == 7
    assert (
        found(
            manifest.replace("<<base64(<<password:14>>7q)>>", base64.b64encode(b"changeme").decode()),
            "k8s/secret.yaml",
        )
        == ()
    )


def test_a_kubernetes_value_under_any_name_is_decoded() -> None:
    manifest = "kind: Secret\ndata:\n  url: <<base64(redis://:<<alnum:12>>@c/0)>>\n"
    assert [finding.rule_id for finding in found(manifest, "s.yaml")] != []


def test_percent_encoding_does_not_hide() -> None:
    (plain,) = found('u = "postgres://app:<<k=alnum:16>>%21@db.internal/app"')
    assert plain.rule_id == "secrets/generic-url-credentials"
    assert rules_of("GET /cb?state=1&next=%2Fx%3Ftoken%3D<<github-crc32:ghp_>>", "access.log") == [
        "github-personal-access-token"
    ]


def test_escaped_line_breaks_do_not_hide() -> None:
    assert rules_of('{"log": "start\\n<<github-crc32:ghp_>>\\nend"}', "a.json") == [
        "github-personal-access-token"
    ]


@pytest.mark.parametrize(
    ("line", "before", "comment"),
    [
        ("x = 1  # gitleaks:allow", "", "gitleaks:allow"),
        ("x = 1  # pragma: allowlist secret", "", "pragma: allowlist secret"),
        ("x = 1", "# pragma: allowlist nextline secret", "pragma: allowlist nextline secret"),
        ("x = 1  // trufflehog:ignore", "", "trufflehog:ignore"),
        ("x = 1", "# gitleaks:allow", None),
        ("x = 1", "", None),
    ],
)
def test_comments_of_peers(line: str, before: str, comment: str | None) -> None:
    assert peer_allow(line, before) == comment


def test_allowed_findings_are_kept_and_counted() -> None:
    content = expand('t = "<<github-crc32:ghp_>>"  # gitleaks:allow\n', "t").encode()
    scan = scan_bytes(content, "a.py")
    assert scan.findings == ()
    assert [comment for _, comment in scan.allowed] == ["gitleaks:allow"]
    look = SecretsEngine().look(SourceFile("a.py", content))
    assert (look.findings, look.allowed) == ((), scan.allowed)


LEAKS = [
    ('password = "{0}"', "app.py", "<<password:16>>7q"),
    ("postgres://app:{0}@db.internal:5432/app {0}", ".env", "<<alnum:24>>"),
    ('a = "{0}"; b = "<<npm-crc32>>"; # {0}', "a.py", "<<github-crc32:ghp_>>"),
    ("aws_access_key_id = <<aws-key-id>>\naws_secret_access_key = {0}", "credentials", "<<aws-secret>>"),
]


@pytest.mark.parametrize(("text", "uri", "secret"), LEAKS)
def test_no_value_leaves(text: str, uri: str, secret: str) -> None:
    value = expand(secret, "leak")
    scan = scan_bytes(expand(text, "t").replace("{0}", value).encode(), uri)
    assert scan.findings
    said = repr(scan) + json.dumps([repr(finding) for finding in scan.findings])
    assert value not in said
    for start in range(4, len(value) - 8):
        assert value[start : start + 8] not in said


def test_every_secret_of_a_line_is_masked_in_its_snippet() -> None:
    first, second = expand("<<github-crc32:ghp_>>", "1"), expand("<<npm-crc32>>", "2")
    for finding in scan_bytes(f'a = "{first}"; b = "{second}"'.encode(), "a.py").findings:
        assert first[4:] not in finding.location.snippet
        assert second[4:] not in finding.location.snippet


def test_identity_is_keyed_and_steady() -> None:
    assert identity_of(b"value") == identity_of(b"value")
    assert identity_of(b"value") != identity_of(b"value", b"organisation key")
    assert "value" not in identity_of(b"value")


def test_redact_text_takes_every_secret_out() -> None:
    token = expand("<<github-crc32:ghp_>>", "r")
    text, taken = redact_text(f"use {token} and password='Tr0ub4dor&3x' \u2026 {token}")
    assert token not in text
    assert "Tr0ub4dor" not in text
    assert text.count("[secret: github-personal-access-token]") == 2
    assert {one.rule_id for one in taken} == {
        "secrets/github-personal-access-token",
        "secrets/generic-password",
    }


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_redact_text_takes_any_text(text: str) -> None:
    clean, taken = redact_text(text)
    assert clean == text or taken


def test_tests_and_documents_count_less() -> None:
    product, test = found('k = "<<slack>>"', "app/chat.py"), found('k = "<<slack>>"', "tests/test_chat.py")
    assert test[0].confidence < product[0].confidence
    assert test[0].identity == product[0].identity


def test_the_engine_finds_its_canary() -> None:
    for fast in (True, False):
        engine = SecretsEngine(fast=fast)
        canary = engine.canary()
        seen = {
            finding.rule_id
            for uri, data in canary.files
            for finding in engine.look(SourceFile(uri, data)).findings
        }
        assert set(canary.expected) <= seen


def test_confidence_of_a_proven_token_is_high() -> None:
    (finding,) = found('t = "<<github-crc32:ghp_>>"')
    assert finding.confidence is Confidence.HIGH
    assert finding.verification.state.value == "corroborated"


def test_a_file_full_of_secrets_is_bounded_and_says_so() -> None:
    lines = "\n".join(f'password = "{expand("<<password:12>>", str(number))}7q"' for number in range(2100))
    scan = scan_bytes(lines.encode(), "list.py")
    assert len(scan.findings) <= 2000
    assert dict(scan.dropped)["too many in one file"] > 0
