"""The score of a CVSS v4.0 vector: https://www.first.org/cvss/v4.0/specification-document, section 8."""

from __future__ import annotations

# Values of each metric from the most severe one on: the place of a value is its severity in steps of a tenth.
METRICS: dict[str, tuple[str, ...]] = {
    "AV": ("N", "A", "L", "P"), "AC": ("L", "H"), "AT": ("N", "P"), "PR": ("N", "L", "H"), "UI": ("N", "P", "A"),
    "VC": ("H", "L", "N"), "VI": ("H", "L", "N"), "VA": ("H", "L", "N"),
    "SC": ("H", "L", "N"), "SI": ("H", "L", "N"), "SA": ("H", "L", "N"),
}  # fmt: skip
# Threat, environmental and supplemental metrics; X stands for "not given".
OPTIONAL: dict[str, tuple[str, ...]] = {
    "E": ("X", "A", "P", "U"), "CR": ("X", "H", "M", "L"), "IR": ("X", "H", "M", "L"), "AR": ("X", "H", "M", "L"),
    **{f"M{name}": ("X", *values) for name, values in METRICS.items()},
    "MSI": ("X", "S", "H", "L", "N"), "MSA": ("X", "S", "H", "L", "N"),
    "S": ("X", "N", "P"), "AU": ("X", "N", "Y"), "R": ("X", "A", "U", "I"), "V": ("X", "D", "C"), "RE": ("X", "L", "M", "H"),
    "U": ("X", "Clear", "Green", "Amber", "Red"),
}  # fmt: skip
_REQUIREMENT = ("H", "M", "L")
_SUBSEQUENT = ("S", "H", "L", "N")
_STEPS: dict[str, tuple[str, ...]] = {
    **METRICS, "SC": ("", "H", "L", "N"), "SI": _SUBSEQUENT, "SA": _SUBSEQUENT,
    "CR": _REQUIREMENT, "IR": _REQUIREMENT, "AR": _REQUIREMENT,
}  # fmt: skip
_WORST = {"E": "A", "CR": "H", "IR": "H", "AR": "H"}

# Score in tenths of a macro vector: key are the levels of EQ1, EQ2, EQ3 and EQ6; the row is EQ4 (three times) by EQ5 (three each).
_SCORES: dict[str, tuple[int, ...]] = {
    "0000": (100, 98, 95, 100, 93, 91, 93, 89, 81), "0001": (99, 95, 92, 96, 87, 81, 90, 80, 68),
    "0010": (98, 95, 90, 93, 89, 81, 88, 78, 69), "0011": (95, 92, 84, 92, 81, 65, 80, 70, 48),
    "0021": (92, 82, 72, 79, 69, 50, 69, 55, 27), "0100": (99, 95, 92, 95, 90, 84, 92, 82, 72),
    "0101": (97, 92, 85, 91, 83, 71, 81, 71, 53), "0110": (95, 92, 85, 92, 80, 70, 84, 71, 50),
    "0111": (93, 85, 73, 82, 72, 59, 70, 52, 30), "0121": (86, 75, 52, 71, 52, 29, 63, 29, 17),
    "1000": (98, 94, 91, 94, 86, 77, 87, 74, 63), "1001": (95, 87, 81, 89, 74, 64, 75, 63, 49),
    "1010": (94, 88, 76, 86, 74, 59, 72, 57, 52), "1011": (89, 77, 67, 76, 58, 50, 57, 52, 25),
    "1021": (83, 70, 54, 65, 58, 26, 53, 21, 13), "1100": (95, 88, 76, 90, 75, 61, 77, 68, 52),
    "1101": (90, 76, 70, 77, 62, 53, 66, 59, 30), "1110": (89, 76, 62, 74, 57, 47, 61, 57, 24),
    "1111": (78, 67, 58, 59, 57, 23, 52, 29, 16), "1121": (71, 59, 30, 58, 26, 15, 23, 13, 6),
    "2000": (93, 86, 75, 86, 74, 56, 70, 52, 40), "2001": (87, 72, 58, 74, 61, 34, 54, 40, 22),
    "2010": (85, 74, 62, 72, 55, 46, 53, 34, 19), "2011": (75, 55, 51, 57, 41, 19, 36, 19, 8),
    "2021": (64, 51, 20, 47, 21, 11, 24, 9, 4), "2100": (88, 73, 60, 73, 59, 41, 54, 45, 20),
    "2101": (75, 53, 50, 55, 40, 20, 43, 22, 11), "2110": (75, 58, 40, 61, 48, 20, 46, 17, 8),
    "2111": (55, 45, 21, 51, 18, 9, 18, 7, 2), "2121": (53, 24, 14, 24, 12, 5, 10, 3, 1),
}  # fmt: skip

# For each group of metrics and level: the most severe combinations of values, and how many steps lie between them and the next level.
_GROUPS: tuple[tuple[tuple[str, ...], dict[str, tuple[tuple[str, ...], int]]], ...] = (
    (("AV", "PR", "UI"), {"0": (("NNN",), 1), "1": (("ANN", "NLN", "NNP"), 4), "2": (("PNN", "ALP"), 5)}),
    (("AC", "AT"), {"0": (("LN",), 1), "1": (("HN", "LP"), 2)}),
    (
        ("VC", "VI", "VA", "CR", "IR", "AR"),
        {
            "00": (("HHHHHH",), 7),
            "01": (("HHLMMH", "HHHMMM"), 6),
            "10": (("LHHHHH", "HLHHHH"), 8),
            "11": (("LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"), 8),
            "21": (("LLLHHH",), 10),
        },
    ),
    (("SC", "SI", "SA"), {"0": (("HSS",), 6), "1": (("HHH",), 5), "2": (("LLL",), 4)}),
)
# The levels one below: EQ3 and EQ6 fall together, and where both can, the higher score counts.
_BELOW = {"0": ("1",), "1": ("2",), "00": ("01", "10"), "01": ("11",), "10": ("11",), "11": ("21",)}


def score(metrics: dict[str, str]) -> float:
    """The score of valid metrics, 0.0 to 10.0 with one decimal: section 8.2, from the macro vector down by mean severity distance."""
    values = _effective(metrics)
    if all(values[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0.0
    levels = _levels(values)
    here = _tenths(levels)
    if here is None:  # no such macro vector: EQ3 at its lowest excludes the highest EQ6
        return 0.0
    lowered = 0.0
    existing = 0
    for group, (names, table) in enumerate(_GROUPS):
        below = [
            found
            for level in _BELOW.get(levels[group], ())
            if (found := _tenths((*levels[:group], level, *levels[group + 1 :]))) is not None
        ]
        if below:
            maxima, depth = table[levels[group]]
            existing += 1
            lowered += (here - max(below)) * _distance(values, names, maxima) / depth
    # EQ5 has one value a level, so its distance is 0, but it counts where a level lies below.
    existing += levels[4] != "2"
    mean = lowered / existing if existing else 0.0
    return int(min(max(here - mean, 0), 100) + 0.5 + 1e-9) / 10


def _effective(metrics: dict[str, str]) -> dict[str, str]:
    """Modified metrics in the place of base ones; what is not given at its worst."""
    values = {name: metrics.get(name, "X") for name in _WORST}
    values = {name: _WORST[name] if value == "X" else value for name, value in values.items()}
    for name in METRICS:
        modified = metrics.get(f"M{name}", "X")
        values[name] = metrics[name] if modified == "X" else modified
    return values


def _levels(values: dict[str, str]) -> tuple[str, ...]:
    """Levels of EQ1, EQ2, EQ3 with EQ6, EQ4, EQ5: tables 24 to 29."""
    open_ways = [values[name] == "N" for name in ("AV", "PR", "UI")]
    eq1 = "0" if all(open_ways) else "1" if any(open_ways) and values["AV"] != "P" else "2"
    eq2 = "0" if values["AC"] == "L" and values["AT"] == "N" else "1"
    high = [values[name] == "H" for name in ("VC", "VI", "VA")]
    eq3 = "0" if high[0] and high[1] else "1" if any(high) else "2"
    wanted = [values[name] == "H" for name in ("CR", "IR", "AR")]
    eq6 = "0" if any(is_high and asked for is_high, asked in zip(high, wanted, strict=True)) else "1"
    subsequent = [values[name] == "H" for name in ("SC", "SI", "SA")]
    eq4 = "0" if "S" in (values["SI"], values["SA"]) else "1" if any(subsequent) else "2"
    return eq1, eq2, eq3 + eq6, eq4, str("APU".index(values["E"]))


def _tenths(levels: tuple[str, ...]) -> int | None:
    row = _SCORES.get("".join(levels[:3]))
    return row[int(levels[3]) * 3 + int(levels[4])] if row is not None else None


def _distance(values: dict[str, str], names: tuple[str, ...], maxima: tuple[str, ...]) -> int:
    """Steps from the first of the most severe combinations that no value exceeds."""
    for maximum in maxima:
        steps = [
            _STEPS[name].index(values[name]) - _STEPS[name].index(top)
            for name, top in zip(names, maximum, strict=True)
        ]
        if min(steps) >= 0:
            return sum(steps)
    return 0
