"""Which identifiers of public catalogues exist: weaknesses (CWE, without categories and deprecated ones), OWASP Top 10, OWASP ASVS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assay.model.rule import Rule

_FILE = Path(__file__).parent / "identifiers.json"


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Valid ids, written as rules write them: `CWE-79`, `A03:2021`, `v5.0.0-1.2.4`. `owasp` maps each category to the weaknesses that OWASP puts there."""

    cwe: frozenset[str]
    owasp: dict[str, frozenset[str]]
    asvs: frozenset[str]


@cache
def identifiers() -> Identifiers:
    """The shipped lists."""
    data = json.loads(_FILE.read_bytes())
    version = data["asvs"]["version"]
    return Identifiers(
        frozenset(f"CWE-{number}" for number in data["cwe"]["ids"]),
        {
            name: frozenset(f"CWE-{number}" for number in numbers)
            for name, numbers in data["owasp"]["cwe"].items()
        },
        frozenset(f"v{version}-{number}" for number in data["asvs"]["ids"]),
    )


def doubtful(rule: Rule) -> list[str]:
    """What is wrong with a rule's identifiers, one sentence each: unknown ids, and a category that OWASP does not put the weakness in."""
    known = identifiers()
    lists = (
        ("cwe", rule.cwe, known.cwe),
        ("owasp", rule.owasp, known.owasp),
        ("asvs", rule.asvs, known.asvs),
    )
    found = [
        f"{field}: there is no {one}" for field, values, valid in lists for one in values if one not in valid
    ]
    official = {name for name, members in known.owasp.items() if not members.isdisjoint(rule.cwe)}
    if official and rule.owasp and official.isdisjoint(rule.owasp):
        found.append(
            f"owasp: {', '.join(rule.cwe)} is in {', '.join(sorted(official))}, not in {', '.join(rule.owasp)}"
        )
    return found
