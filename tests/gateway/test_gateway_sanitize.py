"""Personal data and secrets in texts: found by check digits and shapes, masked the same way each time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.gateway.policy.sanitize import is_iban, luhn, mask, masked_secrets, personal_spans, rewrite


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("4111 1111 1111 1111", "card"),
        ("378282246310005", "card"),
        ("078-05-1120", "national-id"),
        ("AB 12 34 56 C", "national-id"),
        ("MRN: 00123456", "medical-record"),
        ("patient_id=12345678", "medical-record"),
    ],
)
def test_found_by_default(text: str, kind: str) -> None:
    assert kind in {span.kind for span in personal_spans(f"x {text} y")}


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "000-12-3456",
        "666-12-3456",
        "123-00-4567",
        "0000 0000 0000 0000",
        "1700000000000",
        "build 20251121120000",
        "a@b.example",
    ],
)
def test_not_found(text: str) -> None:
    assert not list(personal_spans(text))


def test_asked_for() -> None:
    text = "ann@example.com +49 170 1234567 DE89 3704 0044 0532 0130 00 dob: 1980-01-31"
    assert {span.kind for span in personal_spans(text, ("email", "phone", "iban", "birth-date"))} == {
        "email",
        "phone",
        "iban",
        "birth-date",
    }


def test_check_digits() -> None:
    assert luhn([int(char) for char in "79927398713"])
    assert not luhn([int(char) for char in "79927398710"])
    assert is_iban("GB82 WEST 1234 5698 7654 32")
    assert not is_iban("GB82 WEST 1234 5698 7654 33")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("curl -u admin:Sup3rSecret9 https://x.example", "Sup3rSecret9"),
        ("docker login -u me -p hunter2hunter2 r.example", "hunter2hunter2"),
        ("psql postgres://app:S3cretPass9@localhost/dev", "S3cretPass9"),
        ("MY_API_KEY=a1b2c3d4e5f6 ./run", "a1b2c3d4e5f6"),
        ("-----BEGIN " + "PRIVATE KEY-----\nabc\n-----END " + "PRIVATE KEY-----", "abc"),
    ],
)
def test_secrets_go(text: str, secret: str) -> None:
    plain, counts = masked_secrets(text)
    assert secret not in plain
    assert counts
    assert masked_secrets(plain)[1] == {}


@pytest.mark.parametrize(
    "text",
    [
        "export TOKEN=$TOKEN",
        "Set OPENAI_API_KEY=<your key>",
        "postgres://postgres:postgres@localhost/x",
        "git log --format=%H",
        "password = get_password()",
    ],
)
def test_placeholders_stay(text: str) -> None:
    assert masked_secrets(text)[1] == {}


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.text(max_size=20) | st.integers() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_rewriting_nothing_changes_nothing(value: object) -> None:
    assert rewrite(value, lambda _pointer, text: (text, {})) == (value, [])


def test_masks_do_not_overlap() -> None:
    from assay.gateway.policy.sanitize import Span

    assert mask("abcdef", [Span(1, 4, "a"), Span(2, 5, "b")]) == (
        "a[a removed][b removed]f",
        {"a": 1, "b": 1},
    )
