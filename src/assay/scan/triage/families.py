"""Which weaknesses are one flaw when two engines report them at one place: CWE ids by family."""

from __future__ import annotations

from collections.abc import Iterable

# Ids and their parent-child relations are those of https://cwe.mitre.org (view 1000). Two ids share a family only where tools are
# known to name the same flaw by either; what is merely related (missing authentication, missing authorisation) stays apart.
_FAMILIES: dict[str, tuple[int, ...]] = {
    "sql-injection": (89, 564, 943),
    "command-injection": (77, 78, 88),
    "code-injection": (94, 95, 96, 913, 1336),
    "cross-site-scripting": (79, 80, 83, 87, 116),
    "path-traversal": (22, 23, 36, 73, 98, 434),
    "xml-entities": (611, 776, 827),
    "ldap-xpath-injection": (90, 91, 643),
    "log-injection": (93, 113, 117),
    "deserialisation": (502, 915),
    "request-forgery": (918,),
    "cross-site-request-forgery": (352,),
    "open-redirect": (601,),
    "weak-cryptography": (310, 326, 327, 328, 759, 760, 780, 916),
    "weak-randomness": (330, 331, 335, 336, 337, 338),
    "credentials": (256, 259, 260, 312, 321, 522, 798),
    "certificate-validation": (295, 296, 297, 298, 299),
    "clear-text-transport": (311, 319),
    "authentication": (287, 306),
    "authorisation": (285, 639, 862, 863),
    "swallowed-error": (390, 391, 396, 703, 754, 755),
    "information-exposure": (200, 209, 497, 532),
    "file-permissions": (276, 277, 279, 280, 732),
    "temporary-file": (377, 378, 379),
    "debug-mode": (215, 489),
    "unpinned-dependency": (494, 829, 1357),
    "regex-complexity": (1333,),
    "resource-exhaustion": (400, 770, 1050),
    "least-privilege": (250, 269),
}
_FAMILY_OF = {f"CWE-{number}": family for family, numbers in _FAMILIES.items() for number in numbers}


def family(cwe: Iterable[str]) -> str:
    """The family of the first id that has one, else the first id, else ""."""
    ids = tuple(cwe)
    for one in ids:
        if one in _FAMILY_OF:
            return _FAMILY_OF[one]
    return ids[0] if ids else ""
