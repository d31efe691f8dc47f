"""Java: sources, ways and sinks crossed with one another; in each pair the vulnerable program is reported and its near twin is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from java_twin_sinks import PATTERNS, SINKS
from java_twins import SOURCES, WAYS

from assay.code.project import analyse
from assay.rules.load import load_engine

READ = 'String p = request.getParameter("p");'
SAME = "String bar = p;"
CLEAN = 'String bar = "x";'
# Rules that say the same of one place.
ALIKE = {
    "weak-hash-call": "weak-hash",
    "insecure-random": "weak-random",
    "cookie-secure-missing": "cookie-not-secure",
}
Case = tuple[str, str, str, str, bool]  # name, rule, members, statements, whether it is reported


def program(number: int, members: str, body: str) -> bytes:
    return f"""package app{number};
import java.util.*;
import javax.servlet.http.*;
public class App extends HttpServlet {{
  {members}
  static void log(String v) {{ }}
  static Object doc() {{ return null; }}
  public void doPost(HttpServletRequest request, HttpServletResponse response) throws Exception {{
    {body}
  }}
}}
""".encode()


def sources() -> Iterator[Case]:
    for name, (members, bad, good) in SOURCES.items():
        for sink in ("stmt-query", "fis", "println"):
            rule, more, use, _ = SINKS[sink]
            yield f"{name} {sink} bad", rule, f"{members} {more}", f"{bad} {SAME} {use}", True
            yield f"{name} {sink} good", rule, f"{members} {more}", f"{good} {SAME} {use}", False


def ways() -> Iterator[Case]:
    for name, (members, bad, good) in WAYS.items():
        for sink in ("exec", "println"):
            rule, more, use, _ = SINKS[sink]
            yield f"{name} {sink} bad", rule, f"{members} {more}", f"{READ} {bad} {use}", True
            yield f"{name} {sink} good", rule, f"{members} {more}", f"{READ} {good} {use}", False


def sinks() -> Iterator[Case]:
    for name, (rule, members, bad, good) in SINKS.items():
        yield f"{name} bad", rule, members, f"{READ} {SAME} {bad}", True
        yield f"{name} good use", rule, members, f"{READ} {SAME} {good}", False
        yield f"{name} good data", rule, members, f"{READ} {CLEAN} {bad}", False


def patterns() -> Iterator[Case]:
    for name, (rule, members, bad, good) in PATTERNS.items():
        yield f"{name} bad", rule, members, bad, True
        yield f"{name} good", rule, members, good, False


def mixed() -> Iterator[Case]:
    """Every way once more, between a source and a sink that change from one to the next."""
    for number, (name, (members, bad, good)) in enumerate(WAYS.items()):
        source, (more, read, _) = list(SOURCES.items())[number % len(SOURCES)]
        sink, (rule, most, use, _) = list(SINKS.items())[number * 7 % len(SINKS)]
        together = f"{members} {more} {most}"
        yield f"{source} {name} {sink} bad", rule, together, f"{read} {{ {bad} {{ {use} }} }}", True
        yield f"{source} {name} {sink} good", rule, together, f"{read} {{ {good} {{ {use} }} }}", False


@pytest.mark.parametrize("family", [sources, ways, sinks, patterns, mixed], ids=lambda one: one.__name__)
def test_the_vulnerable_one_is_reported_and_its_twin_is_not(family: object) -> None:
    assert callable(family)
    cases = list(family())
    files = [(f"m{n}/src/App.java", program(n, case[2], case[3])) for n, case in enumerate(cases)]
    wrong: list[str] = []
    for (name, rule, _, _, expected), result in zip(cases, analyse(files, load_engine("code")), strict=True):
        assert not result.failed, (name, result)
        assert not result.partial, (name, result)
        rules = {f.rule_id.rsplit("/", 1)[-1].removesuffix("-flow") for f in result.findings}
        if (rule in rules | {ALIKE.get(one, one) for one in rules}) != expected:
            wrong.append(name)
    assert not wrong
