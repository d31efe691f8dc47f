"""Makes the built-in starter set from OSV exports and KEV: facts of the advisories with the widest reach, without their prose.

    python bench/dependencies_starter.py --data DIR --out src/assay/dependencies/advisories/starter.json

DIR holds osv/<Ecosystem>/all.zip, kev_*.json and names/*. What is taken are facts (ids, packages, ranges, fixed versions, vectors,
CWE numbers); the one-line summaries are put together here from the class of the flaw. Selection: packages by rank of use.
"""

from __future__ import annotations

import argparse
import re
import runpy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from assay.dependencies.advisories.evaluate import is_affected
from assay.dependencies.advisories.record import Advisory, Affected, Range, read_record, severity_of
from assay.dependencies.advisories.starter import StarterEntry, StarterFile
from assay.dependencies.advisories.update import read_export, read_kev, read_names
from assay.model.severity import Severity

# Class of flaw: words that name it without doubt -> CWE and how we call it. First match wins.
_CLASSES = (
    (r"sql injection", "CWE-89", "SQL injection"),
    (r"cross[- ]site scripting|\bxss\b", "CWE-79", "cross-site scripting"),
    (r"server[- ]side request forgery|\bssrf\b", "CWE-918", "server-side request forgery"),
    (r"cross[- ]site request forgery|\bcsrf\b", "CWE-352", "cross-site request forgery"),
    (r"prototype pollution", "CWE-1321", "prototype pollution"),
    (r"regular expression denial|\bredos\b|catastrophic backtracking", "CWE-1333", "regular expression denial of service"),
    (r"request smuggling|response splitting|crlf injection", "CWE-444", "HTTP request smuggling or header injection"),
    (r"path traversal|directory traversal|zip slip", "CWE-22", "path traversal"),
    (r"open redirect", "CWE-601", "open redirect"),
    (r"\bxxe\b|external entit", "CWE-611", "XML external entities"),
    (r"deserializ|unpickl|pickle", "CWE-502", "unsafe deserialization"),
    (r"command injection|shell injection", "CWE-78", "command injection"),
    (r"template injection", "CWE-1336", "template injection"),
    (r"sandbox escape|sandbox breakout|sandbox bypass", "CWE-693", "sandbox escape"),
    (r"remote code execution|arbitrary code|code injection|code execution", "CWE-94", "code execution"),
    (r"buffer overflow|out[- ]of[- ]bounds|use[- ]after[- ]free|heap overflow|double free", "CWE-119", "memory corruption"),
    (r"authentication bypass|bypass authentication|auth bypass", "CWE-287", "authentication bypass"),
    (r"authorization bypass|improper authorization|privilege escalation|access control", "CWE-284", "missing access control"),
    (r"timing attack|side[- ]channel", "CWE-208", "timing side channel"),
    (r"certificate|hostname verification|tls verification", "CWE-295", "certificate validation flaw"),
    (r"signature (?:verification|forg|bypass|validation)", "CWE-347", "signature verification flaw"),
    (r"denial[- ]of[- ]service|\bdos\b|resource exhaustion|infinite loop|memory exhaustion|unbounded", "CWE-400", "denial of service"),
    (r"information (?:disclosure|leak|exposure)|leak|disclos|expos", "CWE-200", "information disclosure"),
)  # fmt: skip
_MAVEN = re.compile(
    r"^(?:org\.apache\.(?:logging|commons|struts|tomcat|shiro|kafka|solr|activemq|zookeeper|hadoop|spark|cxf|camel|velocity|poi|tika|dubbo|httpcomponents|santuario|xmlgraphics|thrift|ant|maven)"
    r"|org\.springframework|com\.fasterxml|com\.google|io\.netty|org\.eclipse\.jetty|log4j|commons-|org\.yaml|com\.h2database|org\.postgresql"
    r"|mysql|org\.hibernate|io\.undertow|org\.bouncycastle|com\.thoughtworks|dom4j|org\.json|org\.jsoup|ch\.qos|com\.squareup|org\.quartz|com\.alibaba)"
)
FACTS: str = runpy.run_path(str(Path(__file__).with_name("dependencies_starter_extra.py")))["FACTS"]
_NAMES = {
    "PyPI": ("pypi_top15000.txt", 2500),
    "npm": ("npm_top15113.txt", 15_113),
    "Go": ("go_top2921.txt", 700),
    "RubyGems": ("rubygems_top974.txt", 974),
}
_PER_PACKAGE = 12


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    kev = {row[0]: row[1] for file in args.data.glob("kev_*.json") for row in read_kev(file.read_bytes())}
    ranks = {}
    for ecosystem, (file, depth) in _NAMES.items():
        names = read_names((args.data / "names" / file).read_bytes(), ecosystem)
        ranks[ecosystem] = {name: rank for name, rank in names if rank <= depth}
    cwes = _cwes_by_alias(args.data)
    entries: dict[str, StarterEntry] = {}
    latest, today = "", datetime.now(UTC).date().isoformat()
    for ecosystem in ("PyPI", "npm", "Maven", "Go", "RubyGems", "crates.io"):
        counts: dict[str, int] = {}
        candidates = []
        for record in read_export(args.data / "osv" / ecosystem / "all.zip", 4 * 1024**3):
            candidate = _candidate(record, ecosystem, ranks.get(ecosystem), kev, cwes)
            if candidate is not None:
                candidates.append(candidate)
                published = str(record.get("published", ""))[:10]
                # Some records carry a date that is still to come.
                latest = max(latest, published) if published <= today else latest
        for weight, entry in sorted(
            candidates, key=lambda item: (item[0], item[1].advisory.id), reverse=True
        ):
            name = entry.packages[0][1]
            counts[name] = counts.get(name, 0) + 1
            if counts[name] <= _PER_PACKAGE or weight[0]:
                entries.setdefault(entry.advisory.id, entry)
    known = {name for entry in entries.values() for name in (entry.advisory.id, *entry.advisory.aliases)}
    known |= {
        f"{e}:{name}"
        for entry in entries.values()
        if entry.advisory.malicious
        for e, name, _ in entry.packages
    }
    for entry in _by_hand():
        also_known = entry.advisory.malicious and ":".join(entry.packages[0][:2]) in known
        if entry.advisory.id not in known and not also_known:
            entries[entry.advisory.id] = entry
    ordered = tuple(sorted(entries.values(), key=lambda entry: entry.advisory.id))
    note = "Facts of advisories by PyPA (CC-BY-4.0), Go vulndb (CC-BY-4.0), GitHub and Node.js, and CISA KEV (CC0); summaries are ours."
    args.out.write_bytes(_lines(StarterFile(latest, note, ordered)))
    print(len(ordered), "advisories up to", latest, args.out.stat().st_size, "bytes")


def _by_hand() -> Iterator[StarterEntry]:
    for line in FACTS.strip().splitlines():
        identifier, aliases, cwe, gravity, kev, kind, where = (part.strip() for part in line.split("|"))
        ecosystem, _, rest = where.partition(" ")
        names, _, spans = rest.partition(" : ")
        parts = [span.strip() for span in spans.split(",")]
        exact = [part[1:] for part in parts if part.startswith("=")]
        events = [_span(part) for part in parts if not part.startswith("=")]
        kind_of_range = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
        affected = Affected(
            tuple(Range(kind_of_range, event) for event in events),
            "\n" + "\n".join(exact) + "\n" if exact else "",
        )
        packages = [name.strip() for name in names.split(",")]
        advisory = Advisory(
            id=identifier,
            aliases=tuple(aliases.split()),
            summary=f"{kind} in {packages[0]}",
            vectors=(gravity,) if gravity.startswith("CVSS:") else (),
            word="" if gravity.startswith("CVSS:") or gravity == "malicious" else gravity,
            cwes=(cwe,),
            malicious=gravity == "malicious",
        )
        yield StarterEntry(advisory, tuple((ecosystem, name, affected) for name in packages), kev)


def _span(text: str) -> tuple[tuple[str, str], ...]:
    """`2.0-beta9-2.3.1`: the fixed version is behind the last hyphen that a number follows and that no pre-release word leads to."""
    introduced, _, fixed = text.rpartition("-")
    if fixed and not fixed[0].isdigit():
        # The fixed version itself has a pre-release part: `5.0.0-alpha.1-5.0.0-beta.3`.
        introduced, _, rest = introduced.rpartition("-")
        fixed = f"{rest}-{fixed}"
    return (("introduced", introduced), ("fixed", fixed)) if fixed else (("introduced", introduced),)


def _lines(file: StarterFile) -> bytes:
    """One entry a line, so that a change of the file can be read."""
    head = msgspec.json.encode({"date": file.date, "note": file.note})[:-1]
    return (
        head
        + b',"entries":[\n'
        + b",\n".join(msgspec.json.encode(entry) for entry in file.entries)
        + b"\n]}\n"
    )


def _candidate(
    record: dict[str, object],
    ecosystem: str,
    ranks: dict[str, int] | None,
    kev: dict[str, str],
    cwes: dict[str, tuple[str, ...]],
) -> tuple[tuple[bool, int, int], StarterEntry] | None:
    found = read_record(record)
    if (
        found is None
        or found[0].withdrawn
        or found[0].id.startswith("x_")
        or found[0].informational not in {"", "unmaintained"}
    ):
        return None
    advisory, packages = found
    wide = [
        (e, name, affected)
        for e, name, affected in packages
        if e == ecosystem and _is_wide(name, ecosystem, ranks)
    ]
    if not wide:
        return None
    packages_out = tuple((e, name, _compact(affected, e)) for e, name, affected in wide[:20])
    if any(not affected.ranges and not affected.versions for _, _, affected in packages_out):
        return None
    text = f"{record.get('summary', '')} {record.get('details', '')}".lower()
    cwe, kind = next(
        ((cwe, kind) for words, cwe, kind in _CLASSES if re.search(words, text[:3000])), ("", "flaw")
    )
    stated = tuple(
        dict.fromkeys(
            [
                *advisory.cwes,
                *(item for alias in (advisory.id, *advisory.aliases) for item in cwes.get(alias, ())),
            ]
        )
    )
    added = next((kev[name] for name in (advisory.id, *advisory.aliases) if name in kev), "")
    severity, score, _ = severity_of(advisory)
    if (
        severity is Severity.UNKNOWN
        and not added
        and not advisory.malicious
        and not advisory.informational
        and ecosystem != "Go"
    ):
        return None
    if advisory.informational:
        kind, cwe, stated = "no maintainer", "CWE-1104", ()
    if advisory.malicious:
        kind, cwe, stated = "malicious release", "CWE-506", ()
    compact = Advisory(
        id=advisory.id,
        aliases=advisory.aliases,
        summary=f"{kind} in {wide[0][1]}",
        vectors=advisory.vectors,
        score=advisory.score,
        word=advisory.word,
        cwes=stated or ((cwe,) if cwe else ()),
        published=advisory.published[:10],
        malicious=advisory.malicious,
        informational=advisory.informational,
    )
    rank = min((ranks or {}).get(name, 100_000) for _, name, _ in wide)
    weight = (bool(added) or advisory.malicious, int((score or 0) * 10), -rank)
    return weight, StarterEntry(compact, packages_out, added)


def _is_wide(name: str, ecosystem: str, ranks: dict[str, int] | None) -> bool:
    if ecosystem == "Maven":
        return bool(_MAVEN.match(name))
    # RustSec is small, and no list of its packages by use is at hand.
    if ecosystem == "crates.io" or (ranks is not None and name in ranks):
        return True
    return ecosystem == "Go" and name in {"stdlib", "toolchain"}


def _compact(affected: Affected, ecosystem: str) -> Affected:
    """Without the enumerated versions that the ranges hold already."""
    versions = [version for version in affected.versions.split("\n") if version]
    bare = Affected(affected.ranges)
    kept = (
        [version for version in versions if not is_affected(bare, ecosystem, version)]
        if affected.ranges
        else versions
    )
    symbols = affected.symbols[:20]
    return Affected(
        affected.ranges, "\n" + "\n".join(kept) + "\n" if kept else "", symbols, affected.modules[:10]
    )


def _cwes_by_alias(data: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for file in sorted(data.glob("osv/*/all.zip")):
        for record in read_export(file, 4 * 1024**3):
            read = read_record(record)
            if read is not None and read[0].cwes:
                for name in (read[0].id, *read[0].aliases):
                    found.setdefault(name, read[0].cwes)
    return found


if __name__ == "__main__":
    main()
