"""What an entry point returns may be a sink itself: text that a view returns is a page, `redirect:` before an address sends the browser there.

Models say so on the entry (`result`, `result_with`, `result_types`, `redirect_prefix`): see docs/models.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.code.calls import Site
from assay.code.entry import entry_row
from assay.code.frame import Frame
from assay.code.heap import load
from assay.code.kinds import BIT
from assay.code.model_rows import Row
from assay.code.sinks import dangerous
from assay.code.summary import Event, Sink
from assay.code.values import HIGH, LOW, UNKNOWN, Mark, Value

if TYPE_CHECKING:
    from assay.code.analysis import Analysis


def answer(analysis: Analysis, f: Frame, span: int, value: Value) -> None:
    """Report what an entry point hands to the browser."""
    if "tuple" in value.types and value.refs:  # `return page, 200`
        value = load(f.heap, f.shared, value, 0) or UNKNOWN
    if not value.labels and value.parts is None:
        return
    found = entry_row(analysis, f, f.info)
    if found is None:
        return
    entry = found[0].raw.entry
    if entry.get("result") and _is_body(analysis, f, entry):
        _report(analysis, f, span, found, entry["result"], "text", value)
    elif entry.get("redirect_prefix"):
        target = _after(value, entry["redirect_prefix"])
        if target is not None:
            _report(analysis, f, span, found, "redirect", "", target)


def _report(
    analysis: Analysis, f: Frame, span: int, found: tuple[Row, bool], kind: str, context: str, value: Value
) -> None:
    labels = dangerous(f, kind, BIT[kind], context, value)
    if not labels:
        return
    sink = Sink(f.number, span, kind, found[0], "the response", span)
    certainty = HIGH if found[1] else LOW
    for origin, mark in labels.items():
        known = mark if mark.confidence <= certainty else Mark(mark.mask, mark.trace, certainty)
        analysis.report(f, Event(sink, origin, known, None))


def _is_body(analysis: Analysis, f: Frame, entry: dict[str, Any]) -> bool:
    """Whether the result is the body, and one that a browser reads as a page."""
    types = entry.get("result_types")
    if types and f.info.function.returns not in types:
        return False
    sites = _annotations(analysis, f)
    wanted = entry.get("result_with")
    if wanted and not any(name in wanted for site in sites for name in site.names):
        return False
    produced = [value for site in sites for value in _produced(f, site)]
    return not produced or any("html" in text for text in produced)


def _annotations(analysis: Analysis, f: Frame) -> list[Site]:
    owner = f.info.owner
    mine = analysis.annotations.get(f.info, [])
    return [*mine, *(analysis.annotations.get(owner, []) if owner is not None else [])]


def _produced(f: Frame, site: Site) -> list[str]:
    """The media types that an annotation names: `produces = "..."`, `@Produces("...")`."""
    value = site.keywords.get("produces")
    if value is None and any(name.endswith(".Produces") for name in site.names):
        value = site.args[0] if site.args else site.keywords.get("value")
    if value is None:
        return []
    shapes = [f.analysis.shared.get(ref) or site.f.heap.get(ref) for ref in value.refs]
    values = [value, *(item for shape in shapes if shape is not None for item in shape.fields.values())]
    texts = [str(const) for one in values for const in one.const or ()]
    names = [one.name.rpartition(".")[2].lower() for one in values if one.name]
    return [*texts, *names] or ["unknown"]


def _after(value: Value, prefix: str) -> Value | None:
    """The address behind `redirect:`."""
    parts = value.parts
    if not parts or not isinstance(parts[0], str) or not parts[0].startswith(prefix):
        return None
    rest = parts[0][len(prefix) :]
    return Value(value.labels, types=("str",), parts=((rest,) if rest else ()) + parts[1:])
