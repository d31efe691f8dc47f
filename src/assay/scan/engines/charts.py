"""Helm charts rendered with the user's own `helm`, where it is there: a copy of the chart in an empty folder, without cluster, plugins or network.

`helm template` runs no program of a chart; its functions that reach out (`lookup`, `getHostByName`) answer with nothing unless asked for.
"""

from __future__ import annotations

import re  # one linear pattern over the lines that helm writes itself
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from assay.model.errors import EngineError
from assay.scan.engines.process import Limits, run, which

_SOURCE = re.compile(r"^# Source: ([^\n]+)$")
_LIMITS = Limits(seconds=20.0, output_bytes=20_000_000)
_MAX_CHARTS = 200
_MAX_FILES = 2_000


@dataclass(slots=True)
class Rendered:
    """`texts`: template uri to what it renders to (empty: nothing). `notes`: chart uri to why it was not rendered."""

    texts: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def render_charts(files: Iterable[tuple[str, bytes]]) -> Rendered:
    """Every chart of the project that is no part of another, with its default values. Without a `helm` there is nothing."""
    contents = dict(files)
    folders = _charts(contents)
    done = Rendered()
    program = which("helm") if folders else None
    if program is None:
        return done
    for folder in folders[:_MAX_CHARTS]:
        inside = {uri: text for uri, text in contents.items() if uri.startswith(folder)}
        problem = "too many files" if len(inside) > _MAX_FILES else _render(program, folder, inside, done)
        if problem:
            done.notes[f"{folder}Chart.yaml"] = (
                f"not rendered by helm, templates were read instead: {problem}"
            )
    return done


def _charts(contents: Mapping[str, bytes]) -> list[str]:
    """The folders of charts, each with a slash at its end, without those that stand inside another chart."""
    found = sorted(
        uri.removesuffix("Chart.yaml") for uri in contents if PurePosixPath(uri).name == "Chart.yaml"
    )
    return [
        each
        for each in found
        if not any(each != other and each.startswith(f"{other}charts/") for other in found)
    ]


def _render(program: str, folder: str, files: Mapping[str, bytes], done: Rendered) -> str:
    """Render one chart; the reason if that fails."""
    with tempfile.TemporaryDirectory(prefix="assay-chart-") as place:
        chart = Path(place) / "chart"
        for uri, content in files.items():
            parts = PurePosixPath(uri.removeprefix(folder)).parts
            if ".." in parts:
                return "a path leaves the chart"
            target = chart.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            ended = run(
                [program, "template", "release", str(chart), "--include-crds"], cwd=place, limits=_LIMITS
            )
        except EngineError as error:
            return str(error)
    if ended.ended != "exited" or ended.returncode != 0:
        lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        return (lines[-1][:200] if lines else "") or ended.ended
    done.texts |= {uri: "" for uri in files if "/templates/" in f"/{uri}" and uri.endswith((".yaml", ".yml"))}
    _split(folder, ended.stdout.decode("utf-8", "replace"), done.texts)
    return ""


def _split(folder: str, output: str, texts: dict[str, str]) -> None:
    """Documents to their templates: helm names the source, below the chart's own name, before each."""
    uri = ""
    parts: dict[str, list[str]] = {}
    for line in output.split("\n"):
        match = _SOURCE.match(line)
        if match is not None:
            uri = folder + match[1].partition("/")[2]
            parts.setdefault(uri, []).append("---")
        elif uri and line != "---":
            parts[uri].append(line)
    texts.update({name: "\n".join(lines) for name, lines in parts.items()})
