"""CVSS scores of vectors: v2 (https://www.first.org/cvss/v2/guide), v3.0 and v3.1 (https://www.first.org/cvss/v3.1/specification-document), v4.0."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from assay.dependencies.advisories.cvss_v4 import METRICS as _V4
from assay.dependencies.advisories.cvss_v4 import OPTIONAL as _V4_OPTIONAL
from assay.dependencies.advisories.cvss_v4 import score as _score_v4

# Metric -> value -> weight. What a base score does not need is there to be recognised, with the values that are legal.
_V2 = {
    "AV": {"L": 395, "A": 646, "N": 1000},
    "AC": {"H": 350, "M": 610, "L": 710},
    "Au": {"M": 450, "S": 560, "N": 704},
    "C": {"N": 0, "P": 275, "C": 660},
    "I": {"N": 0, "P": 275, "C": 660},
    "A": {"N": 0, "P": 275, "C": 660},
}
_V2_OPTIONAL = {
    "E": ("U", "POC", "F", "H", "ND"), "RL": ("OF", "TF", "W", "U", "ND"), "RC": ("UC", "UR", "C", "ND"),
    "CDP": ("N", "L", "LM", "MH", "H", "ND"), "TD": ("N", "L", "M", "H", "ND"),
    "CR": ("L", "M", "H", "ND"), "IR": ("L", "M", "H", "ND"), "AR": ("L", "M", "H", "ND"),
}  # fmt: skip
_IMPACT = {"N": 0, "L": 22, "H": 56}
_V3 = {
    "AV": {"N": 85, "A": 62, "L": 55, "P": 20},
    "AC": {"L": 77, "H": 44},
    "PR": {"N": 85, "L": 62, "H": 27},
    "UI": {"N": 85, "R": 62},
    "S": {"U": 0, "C": 1},
    "C": _IMPACT,
    "I": _IMPACT,
    "A": _IMPACT,
}
# Privileges weigh more where the vulnerability reaches beyond its own scope.
_PRIVILEGES_CHANGED = {"N": 85, "L": 68, "H": 50}
_V3_OPTIONAL = {
    "E": ("X", "U", "P", "F", "H"), "RL": ("X", "O", "T", "W", "U"), "RC": ("X", "U", "R", "C"),
    "CR": ("X", "L", "M", "H"), "IR": ("X", "L", "M", "H"), "AR": ("X", "L", "M", "H"),
    **{f"M{name}": ("X", *values) for name, values in _V3.items()},
}  # fmt: skip


@lru_cache(maxsize=65_536)
def score_of_vector(vector: str) -> float | None:
    """The score of a vector, 0.0 to 10.0; None where it is no valid vector.

    Of v2 and v3 the base score; of v4.0 the score of the whole vector, whose metrics that are not given count at their worst.
    """
    if vector.startswith("CVSS:4.0/"):
        metrics = _metrics(vector[9:], _V4, _V4_OPTIONAL)
        return None if metrics is None else _score_v4(metrics)
    if vector.startswith(("CVSS:3.0/", "CVSS:3.1/")):
        metrics = _metrics(vector[9:], _V3, _V3_OPTIONAL)
        return None if metrics is None else _score_v3(metrics, rounds_exactly=vector[7] == "1")
    metrics = _metrics(vector.removeprefix("CVSS:2.0/").strip("()"), _V2, _V2_OPTIONAL)
    return None if metrics is None else _score_v2(metrics)


def _metrics(
    fields: str, required: Mapping[str, object], optional: Mapping[str, object]
) -> dict[str, str] | None:
    """Metric -> value; None where one is unknown, stands twice, has a value that is not its own, or is missing."""
    found: dict[str, str] = {}
    for field in fields.split("/"):
        name, colon, value = field.partition(":")
        allowed = required.get(name) or optional.get(name)
        if not colon or name in found or not isinstance(allowed, Mapping | tuple) or value not in allowed:
            return None
        found[name] = value
    return found if all(name in found for name in required) else None


def _score_v2(metrics: dict[str, str]) -> float:
    """Section 3.2.1. Weights are in thousandths, so that nothing is lost before the one rounding at the end."""
    weights = {name: values[metrics[name]] for name, values in _V2.items()}
    kept = (1000 - weights["C"]) * (1000 - weights["I"]) * (1000 - weights["A"])
    impact = 10.41 * (10**9 - kept) / 10**9
    exploitability = 20 * weights["AV"] * weights["AC"] * weights["Au"] / 10**9
    total = (0.6 * impact + 0.4 * exploitability - 1.5) * (1.176 if impact else 0)
    return int(total * 10 + 0.5 + 1e-9) / 10 if total > 0 else 0.0


def _score_v3(metrics: dict[str, str], rounds_exactly: bool) -> float:
    """Section 7.1; 3.1 rounds up as its appendix A says, which keeps errors of binary fractions out."""
    weights = {name: values[metrics[name]] / 100 for name, values in _V3.items()}
    changed = metrics["S"] == "C"
    if changed:
        weights["PR"] = _PRIVILEGES_CHANGED[metrics["PR"]] / 100
    base = 1 - (1 - weights["C"]) * (1 - weights["I"]) * (1 - weights["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * weights["AV"] * weights["AC"] * weights["PR"] * weights["UI"]
    total = min((impact + exploitability) * (1.08 if changed else 1), 10.0)
    return _rounded_up(total, rounds_exactly)


def _rounded_up(value: float, rounds_exactly: bool) -> float:
    """The least number with one decimal that is not below the value."""
    digits = 100_000 if rounds_exactly else 10_000_000_000
    whole = round(value * digits)
    step = digits // 10
    return (whole + step - 1) // step / 10
