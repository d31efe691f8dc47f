from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_sample import EMPTY, FINDINGS, RAW_SECRET, RESULT, SQL, many, place, ranked

from assay.model.scan import Priority, ScanResult
from assay.report import html_report, json_report
from assay.report.highlight import tokens
from assay.report.roadmap import roadmap

VOID = {"meta", "link", "br", "img", "input", "rect", "hr"}


class Page(HTMLParser):
    """What a test asks of a page: elements with attributes, text by element, and whether tags close as they open."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.raw: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(data.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.raw[self.open[-1]] = data
        else:
            self.text.append(data)

    def of(self, tag: str, name: str = "") -> list[dict[str, str]]:
        return [a for t, a in self.elements if t == tag and (not name or name in a.get("class", "").split())]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def page(result: ScanResult) -> Page:
    return Page(html_report.render(result))


def test_counts_are_those_of_the_json_report() -> None:
    shown = page(RESULT)
    counts = json.loads(json_report.render(RESULT))["summary"]
    labels = {svg["aria-label"] for svg in shown.of("svg")}
    severity = ", ".join(f"{name.capitalize()} {count}" for name, count in counts["by_severity"].items())
    assert f"Findings by severity: {severity}" in labels
    assert len(shown.of("details", "f")) == counts["active"]
    by_severity = [one["data-s"] for one in shown.of("details", "f")]
    assert all(by_severity.count(name) == count for name, count in counts["by_severity"].items())


def test_every_finding_stands_there_with_details_and_guidance() -> None:
    data = html_report.render(RESULT).decode()
    for one in FINDINGS[:4]:
        start = data.index(f'id="f-{one.triaged.fingerprint}"')
        card = data[start : data.index("</details>", start)]
        guidance = card.split("<h4>What to do</h4><p>")[1].split("</p>")[0]
        assert guidance.strip()
        assert one.triaged.finding.rule_id in card
        assert one.triaged.finding.location.uri in card
        assert f"{one.score:g}" in card
    assert "Why it matters here" in data
    assert "bandit/B608" in data


def test_suppressed_and_absent_ones_are_listed_apart() -> None:
    shown = page(RESULT)
    ids = {one["id"] for one in shown.of("details", "f")}
    assert f"f-{FINDINGS[4].triaged.fingerprint}" not in ids
    assert "pinned by the build" in shown.words
    assert "Gone since the baseline" in shown.words


def test_nothing_is_fetched_and_the_policy_allows_only_our_own_style_and_script() -> None:
    shown = page(RESULT)
    for tag, attributes in shown.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert "src" not in attributes
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
    policy = next(
        one["content"] for one in shown.of("meta") if one.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        digest = b64encode(sha256(shown.raw[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_text_of_others_is_never_markup() -> None:
    evil = "</details><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}"
    finding = replace(
        SQL, message=evil, why=evil, remediation=evil, location=place(f"a/{evil}.py", 1, snippet=evil)
    )
    shown = page(replace(RESULT, findings=(ranked(finding, Priority.P0, 90.0),)))
    assert len(shown.of("script")) == 1
    assert not shown.of("img")
    assert "{{7*7}}" in shown.words


def test_links_lead_only_to_the_web() -> None:
    bad = replace(RESULT.rules[0], references=("javascript:alert(1)", "https://ok.example/x"))
    shown = page(replace(RESULT, rules=(bad,)))
    assert all(link["href"].startswith(("#", "https://")) for link in shown.of("a"))
    ids = {attributes["id"] for _, attributes in shown.elements if "id" in attributes}
    targets = {link["href"][1:] for link in shown.of("a") if link["href"].startswith("#")}
    assert targets <= ids


def test_it_can_be_used_with_a_keyboard_and_a_screen_reader() -> None:
    shown = page(RESULT)
    assert ("html", {"lang": "en"}) in shown.elements
    assert shown.of("a", "skip")
    assert shown.of("main")
    assert all("aria-label" in svg and svg["role"] == "img" for svg in shown.of("svg"))
    controls = [one for tag in ("input", "select") for one in shown.of(tag)]
    assert len(controls) == 5
    assert all("aria-label" in one for one in controls)
    assert all(one.get("scope") == "col" for one in shown.of("th"))
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_coverage_compliance_and_policy_stand_there() -> None:
    words = page(RESULT).words
    for text in (
        "trivy",
        "missing",
        "not on PATH",
        "too-large",
        "PCI DSS",
        "4.0.1",
        "6.2.4",
        "HIPAA Security Rule",
        "sha256:0000",
    ):
        assert text in words, text
    assert "0 findings in 2 of 2 files, 3 engines, 371 rules" in page(EMPTY).words


def test_two_thousand_findings_stay_below_five_megabytes() -> None:
    places = tuple(place(f"src/some/folder/module_{number}/file.py", number + 1) for number in range(8))
    rich = replace(many(2000))
    findings = tuple(
        replace(one, triaged=replace(one.triaged, finding=replace(one.triaged.finding, related=places)))
        for one in rich.findings
    )
    data = html_report.render(replace(rich, findings=findings))
    assert len(data) < 5_000_000
    assert data.count(b'<details class="f"') == 2000


def test_what_is_left_out_of_a_very_long_page_is_said() -> None:
    data = html_report.render(many(3100))
    assert data.count(b'<details class="f"') == 3000
    assert b"100 further findings, the least urgent ones, are left out" in data


def test_no_secret() -> None:
    assert RAW_SECRET.encode() not in html_report.render(RESULT)


def test_the_roadmap_has_every_finding_once() -> None:
    steps = roadmap(RESULT)
    listed = [one.triaged.fingerprint for step in steps for one in step.findings]
    assert sorted(listed) == sorted(one.triaged.fingerprint for one in FINDINGS[:4])
    upgrade = next(step for step in steps if step.command)
    assert (upgrade.title, upgrade.command) == (
        "Upgrade jinja2 to 2.10.1 (from 2.4.1)",
        "uv lock --upgrade-package jinja2==2.10.1",
    )
    assert [step.priority.value for step in steps] == sorted(step.priority.value for step in steps)


@pytest.mark.parametrize(
    "text", ["", 'x = "a" # b', "if (a) { return 1.5; } // c", '"unclosed', "é\t'x", "a" * 9000]
)
def test_tokens_are_the_text(text: str) -> None:
    joined = "".join(part for _, part in tokens(text))
    assert joined == text if len(text) < 4000 else joined.endswith("…")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs a chromium on PATH")
def test_a_real_browser_runs_the_filter_and_reports_no_error(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_bytes(html_report.render(RESULT))
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ]
    flags += [
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path}/profile",
        "--enable-logging=stderr",
    ]
    done = subprocess.run(
        ["chromium", *flags, "--dump-dom", target.as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert '<html lang="en" class="js">' in done.stdout
    assert "4 of 4 shown" in done.stdout
    assert "CONSOLE" not in done.stderr
