"""The first screen: the verdict and why, counts, at most ten findings (new ones, where there is a baseline), and what was not looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from assay.model.scan import RankedFinding, RuleSummary, ScanResult, VerdictResult
from assay.model.severity import Severity
from assay.report import summary
from assay.report.printable import printable, shortened

Paint = Callable[[str, str], str]

_FIRST = 10
_MESSAGE = 200
_RESET = "\x1b[0m"
_COLORS = {
    Severity.CRITICAL: "\x1b[1;97;41m",
    Severity.HIGH: "\x1b[1;31m",
    Severity.MEDIUM: "\x1b[33m",
    Severity.LOW: "\x1b[36m",
    Severity.UNKNOWN: "\x1b[35m",
}
_BOLD, _DIM, _GREEN, _RED, _YELLOW = "\x1b[1m", "\x1b[2m", "\x1b[1;32m", "\x1b[1;31m", "\x1b[1;33m"
_VERDICT_COLORS = {VerdictResult.PASSED: _GREEN, VerdictResult.FAILED: _RED}


def wants_color(environment: Mapping[str, str], is_terminal: bool) -> bool:
    """Colours only on a terminal, and never with NO_COLOR (https://no-color.org) or TERM=dumb."""
    return is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def render(result: ScanResult) -> bytes:
    """The screen without colours."""
    return screen(result, color=False).encode("utf-8", "backslashreplace")


def screen(result: ScanResult, color: bool, first: int = _FIRST) -> str:
    """The screen: at most `first` findings, the rest counted."""
    draw: Paint = _paint if color else _plain
    lines = [
        *_verdict(result, draw),
        "",
        *_counts(result, draw),
        *_findings(result, draw, first),
        *_unlooked(result, draw),
        "",
        summary.coverage_line(result) + f" ({result.seconds:.1f} s)",
    ]
    return "\n".join(lines) + "\n"


def _paint(text: str, code: str) -> str:
    return f"{code}{text}{_RESET}"


def _plain(text: str, code: str) -> str:  # noqa: ARG001 - the same shape as _paint
    return text


def _verdict(result: ScanResult, draw: Paint) -> Iterator[str]:
    verdict = result.verdict
    color = _VERDICT_COLORS.get(verdict.result, _YELLOW)
    words = summary.VERDICTS[verdict.result]
    yield f"assay {result.tool_version}  {draw(words.upper(), color)}  (exit code {verdict.exit_code})"
    yield from (f"  {printable(reason)}" for reason in verdict.reasons)


def _counts(result: ScanResult, draw: Paint) -> Iterator[str]:
    findings = summary.active(result)
    counts = summary.by_priority(findings)
    yield "  ".join(
        f"{draw(priority.value, _BOLD)} {summary.BUCKETS[priority]}: {count}"
        for priority, count in counts.items()
    )
    if summary.has_baseline(result.findings):
        new = sum(summary.is_new(one) for one in findings)
        yield f"{new} new, {len(findings) - new} inherited, {len(summary.absent(result))} gone"
    hidden = len(summary.suppressed(result))
    if hidden:
        yield f"{summary.plural(hidden, 'finding')} suppressed"


def _findings(result: ScanResult, draw: Paint, first: int) -> Iterator[str]:
    findings, inherited = summary.to_show_first(result)
    rules = summary.rules_by_id(result)
    for number, one in enumerate(findings[:first], start=1):
        yield ""
        yield from _finding(number, one, rules, draw)
    rest = findings[first:]
    if rest:
        count = Counter(one.triaged.finding.severity for one in rest)
        words = ", ".join(f"{count[severity]} {severity.value}" for severity in sorted(count, reverse=True))
        yield ""
        yield f"and {len(rest)} more ({words}); all of them: assay scan --output html=FILE or --format json"
    if inherited:
        yield ""
        yield "Inherited, not from this change, and not blocking:"
        for priority, number in summary.by_priority(inherited).items():
            if number:
                yield f"  {priority.value} {summary.BUCKETS[priority]}: {summary.plural(number, 'finding')}"


def _finding(number: int, one: RankedFinding, rules: dict[str, RuleSummary], draw: Paint) -> Iterator[str]:
    finding = one.triaged.finding
    severity = draw(finding.severity.value.upper(), _COLORS[finding.severity])
    new = " new" if summary.is_new(one) else ""
    title = shortened(printable(summary.headline(one, rules)), _MESSAGE)
    yield f"{number:>2}. {one.priority.value} {severity}{new}  {draw(printable(summary.place_of(one)), _BOLD)}"
    yield f"    {title} {draw('[' + printable(finding.rule_id) + ']', _DIM)}"
    message = shortened(printable(finding.message), _MESSAGE)
    if message != title:
        yield f"    {message}"
    if finding.why:
        yield f"    why here: {shortened(printable(finding.why), _MESSAGE)}"
    origin = summary.origin_of(one)
    if origin:
        yield f"    {shortened(printable(origin), _MESSAGE)}"
    if finding.related:
        yield f"    and {summary.plural(len(finding.related), 'further place')}"
    command = summary.command_of(one)
    text = command or summary.remedy(one, rules).strip().split("\n")[0]
    yield f"    fix: {shortened(printable(text), _MESSAGE)}"


def _unlooked(result: ScanResult, draw: Paint) -> Iterator[str]:
    lines = [*_silent(result), *_unseen(result)]
    if result.interrupted:
        lines.insert(0, "the scan was interrupted; what follows it was not looked at")
    # What an engine says of itself and of no file: that its data is old or only a part, for one.
    general = [note for run in result.engines for note in run.notifications if not note.uri]
    warnings = [note for note in (*result.notifications, *general) if note.level != "note"]
    lines += [printable(f"{note.level}: {note.message}") for note in warnings[:_FIRST]]
    if len(warnings) > _FIRST:
        lines.append(f"and {len(warnings) - _FIRST} more warnings")
    if lines:
        yield ""
        yield draw("Not looked at, or worth a word:", _BOLD)
        yield from (f"  {line}" for line in lines)


def _silent(result: ScanResult) -> Iterator[str]:
    for run in summary.silent_engines(result):
        need = "required" if run.required else "optional"
        because = f": {printable(run.reason)}" if run.reason else ""
        yield f"engine {run.engine} ({need}) {run.status.value.replace('_', ' ')}{because}"
        if run.advice:
            yield f"  {printable(run.advice)}"


def _unseen(result: ScanResult) -> Iterator[str]:
    seen = summary.coverage(result)
    if seen.unseen:
        total = sum(count for _, count in seen.unseen)
        words = ", ".join(f"{count} {printable(reason)}" for reason, count in seen.unseen)
        yield f"{summary.plural(total, 'file')} not scanned: {words}"
    if seen.partial:
        words = ", ".join(f"{count} {printable(reason)}" for reason, count in seen.partial)
        yield f"scanned in part: {words}"
