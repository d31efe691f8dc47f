"""A pull request comment: verdict first, at most ten findings open (new ones, where there is a baseline), the rest folded, below GitHub's limit of 65,536 characters.

The first line is a marker by which a later run finds its own comment and replaces it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assay.model.scan import RankedFinding, RuleSummary, ScanResult
from assay.report import summary
from assay.report.printable import printable, shortened
from assay.report.roadmap import roadmap

MARKER = "<!-- assay:report -->"
MAX_CHARACTERS = 65_000  # GitHub refuses 65,536; what a bot puts around must fit too
_FIRST = 10
_MAX_CELL = 120
_MAX_TEXT = 600
_FOLDED = 700  # the fold's summary line, its table's head, and the line that counts what was cut
_MAX_COMMAND = 400
_MAX_LINES = 20
_ESCAPED = str.maketrans(
    {
        "\\": "\\\\", "`": "\\`", "*": "\\*", "_": "\\_", "[": "\\[", "]": "\\]", "<": "&lt;", ">": "&gt;", "|": "\\|", "~": "\\~",
        "#": "&#35;", "@": "&#64;", "!": "\\!", "&": "&amp;", "$": "&#36;",
    }
)  # fmt: skip


def render(result: ScanResult) -> bytes:
    """The comment. What does not fit is folded or cut from the folded list, and the comment says how much."""
    rules = summary.rules_by_id(result)
    tail = "\n".join(_tail(result))
    for first in (_FIRST, 5, 2, 0):
        head = "\n".join(_head(result, rules, first))
        room = MAX_CHARACTERS - len(head) - len(tail)
        if room > _FOLDED or first == 0:
            break
    listed, inherited = summary.to_show_first(result)
    folded = _folded((*listed[first:], *inherited), rules, room)
    return f"{head}{folded}{tail}".encode("utf-8", "replace")


def _head(result: ScanResult, rules: dict[str, RuleSummary], first: int) -> Iterator[str]:
    findings, _ = summary.to_show_first(result)
    yield MARKER
    yield f"## assay: {summary.VERDICTS[result.verdict.result]}"
    yield ""
    yield f"{_text(summary.coverage_line(result), 300)}."
    yield ""
    for reason in result.verdict.reasons[:_MAX_LINES]:
        yield f"- {_text(reason, 300)}"
    yield ""
    yield from _counts(result, summary.active(result))
    if findings[:first]:
        yield ""
        yield from _table(findings[:first], rules)
        yield ""
        yield "### Fix before merge" if result.verdict.blocking else "### What to do"
        for number, one in enumerate(findings[:first], start=1):
            yield ""
            yield from _open(number, one, rules)
    yield ""


def _counts(result: ScanResult, findings: Sequence[RankedFinding]) -> Iterator[str]:
    if not findings and not summary.has_baseline(result.findings):
        return
    stated = summary.has_baseline(result.findings)
    yield "| | P0 fix now | P1 this sprint | P2 this quarter | P3 plan |"
    yield "| --- | --: | --: | --: | --: |"
    rows = [("all", findings)]
    if stated:
        rows = [
            ("new", tuple(one for one in findings if summary.is_new(one))),
            ("inherited", tuple(one for one in findings if not summary.is_new(one))),
        ]
    for name, ones in rows:
        yield f"| {name} | " + " | ".join(str(n) for n in summary.by_priority(ones).values()) + " |"
    hidden, gone = len(summary.suppressed(result)), len(summary.absent(result))
    if hidden or gone:
        yield ""
        yield f"{hidden} suppressed, {gone} gone since the baseline."


def _table(findings: Sequence[RankedFinding], rules: dict[str, RuleSummary]) -> Iterator[str]:
    yield "| Finding | Severity | File | Fix |"
    yield "| --- | --- | --- | --- |"
    for one in findings:
        yield _row(one, rules)


def _row(one: RankedFinding, rules: dict[str, RuleSummary]) -> str:
    finding = one.triaged.finding
    places = 1 if finding.component is not None else 1 + len(finding.related)
    title = _text(summary.headline(one, rules), _MAX_CELL) + (f" (x{places})" if places > 1 else "")
    command = summary.command_of(one)
    fix = (
        _code(shortened(command, _MAX_CELL), in_table=True)
        if command
        else _text(_first_line(summary.remedy(one, rules)), _MAX_CELL)
    )
    place = _code(f"{finding.location.uri}:{finding.location.region.start_line}", in_table=True)
    return f"| {title} | {one.priority.value} {finding.severity.value} | {place} | {fix} |"


def _open(number: int, one: RankedFinding, rules: dict[str, RuleSummary]) -> Iterator[str]:
    finding = one.triaged.finding
    new = ", new" if summary.is_new(one) else ""
    yield f"**{number}. {_text(summary.headline(one, rules), _MAX_CELL)}** ({one.priority.value}, {finding.severity.value}{new})"
    told = finding.message if finding.message != summary.headline(one, rules) else ""
    yield f"{_code(summary.place_of(one))} {_text(told, _MAX_TEXT)}".rstrip()
    if finding.why:
        yield f"<br>Why here: {_text(finding.why, _MAX_TEXT)}"
    origin = summary.origin_of(one)
    if origin:
        yield f"<br>{_text(origin[0].upper() + origin[1:], _MAX_TEXT)}"
    yield f"<br>Fix: {_text(_first_line(summary.remedy(one, rules)), _MAX_TEXT)}"
    command = summary.command_of(one)
    if command:
        yield ""
        yield _fence(command)


def _folded(findings: Sequence[RankedFinding], rules: dict[str, RuleSummary], room: int) -> str:
    """The findings after the first ten as a folded table, as many as there is room for; the others are counted by priority."""
    if not findings:
        return ""
    rows: list[str] = []
    used = _FOLDED
    for one in findings:
        row = _row(one, rules)
        if used + len(row) + 1 > room:
            break
        rows.append(row)
        used += len(row) + 1
    cut = findings[len(rows) :]
    parts = [
        "\n<details><summary>",
        f"{summary.plural(len(findings), 'further finding')}</summary>\n\n",
        "| Finding | Severity | File | Fix |\n| --- | --- | --- | --- |\n" if rows else "",
        "".join(row + "\n" for row in rows),
    ]
    if cut:
        count = ", ".join(f"{n} {p.value}" for p, n in summary.by_priority(cut).items() if n)
        parts.append(
            f"\n{len(cut)} of them were cut to fit a comment ({count}); the JSON and HTML reports have all.\n"
        )
    parts.append("\n</details>\n")
    return "".join(parts)


def _tail(result: ScanResult) -> Iterator[str]:
    unlooked = [*_unlooked(result)]
    if unlooked:
        yield ""
        yield "<details><summary>What was not looked at</summary>"
        yield ""
        yield from unlooked
        yield ""
        yield "</details>"
    steps = roadmap(result)
    if len(steps) > 1:
        yield ""
        yield f"{summary.plural(len(summary.active(result)), 'finding')} close with {summary.plural(len(steps), 'change')}."
    yield ""
    digest = result.verdict.policy_digest.removeprefix("sha256:")[:12] or "none"
    yield f"<sub>assay {_text(result.tool_version, 40)}, exit code {result.verdict.exit_code}, policy {digest}</sub>"
    yield ""


def _unlooked(result: ScanResult) -> Iterator[str]:
    if result.interrupted:
        yield "- the scan was interrupted"
    for run in summary.silent_engines(result)[:_MAX_LINES]:
        because = f": {_text(run.reason, 200)}" if run.reason else ""
        need = "required" if run.required else "optional"
        yield f"- engine {_code(run.engine)} ({need}) {run.status.value.replace('_', ' ')}{because}"
    seen = summary.coverage(result)
    for reason, count in (*seen.unseen[:_MAX_LINES], *seen.partial[:_MAX_LINES]):
        yield f"- {summary.plural(count, 'file')}: {_text(reason, 60)}"
    warnings = [note for note in result.notifications if note.level != "note"]
    for note in warnings[:_MAX_LINES]:
        yield f"- {note.level}: {_text(note.message, 300)}"
    if len(warnings) > _MAX_LINES:
        yield f"- and {len(warnings) - _MAX_LINES} more warnings"


def _text(text: str, most: int) -> str:
    """Text of others on one line, without markup, links to issues or people; at most so many characters with its escapes."""
    shown = printable(text)
    escaped = shown.translate(_ESCAPED)
    if len(escaped) <= most:
        return escaped
    parts: list[str] = []
    left = most - 1
    for character in shown:
        part = character.translate(_ESCAPED)
        left -= len(part)
        if left < 0:
            break
        parts.append(part)
    return "".join(parts) + "…"


def _code(text: str, in_table: bool = False) -> str:
    """A code span that no backtick in the text can end; in a table a bar is written as an escape."""
    shown = shortened(printable(text), 300)
    shown = shown.replace("|", "\\|") if in_table else shown
    ticks = "`" * (_longest_run(shown) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def _fence(command: str) -> str:
    shown = "\n".join(printable(line) for line in shortened(command, _MAX_COMMAND).split("\n"))
    ticks = "`" * max(3, _longest_run(shown) + 1)
    return f"{ticks}sh\n{shown}\n{ticks}"


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0]
