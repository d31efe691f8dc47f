"""Precision and recall of the secrets engine over the labelled set: `python -m bench.secrets_quality [seed ...] [-v]`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field

from assay.secrets.scan import Scan, build_scanner, scan_bytes
from bench.secrets_corpus import Case, corpus


@dataclass(slots=True)
class Score:
    """Counts of one family of cases."""

    cases: int = 0
    planted: int = 0
    found: int = 0
    false: int = 0
    notes: list[str] = field(default_factory=list)


def judge(case: Case, scan: Scan, score: Score, verbose: bool) -> None:
    score.cases += 1
    score.planted += len(case.secret_lines)
    left = Counter(case.secret_lines)
    for finding in scan.findings:
        line = finding.location.region.start_line
        if left[line] > 0:
            left[line] -= 1
            score.found += 1
        else:
            score.false += 1
            if verbose:
                score.notes.append(
                    f"  false  {case.uri}:{line} {finding.rule_id} {finding.message[:100]} | {finding.location.snippet[:100]}"
                )
    if verbose:
        score.notes += [
            f"  missed {case.uri}:{line} {case.text[:160]!r} {scan.dropped}"
            for line, count in left.items()
            if count > 0
        ]


def run(seed: int, verbose: bool) -> dict[str, Score]:
    scanner = build_scanner()
    scores: dict[str, Score] = {}
    for case in corpus(seed):
        judge(
            case,
            scan_bytes(case.text.encode(), case.uri, scanner),
            scores.setdefault(case.kind, Score()),
            verbose,
        )
    return scores


def main() -> int:
    verbose = "-v" in sys.argv
    seeds = [int(word) for word in sys.argv[1:] if word.isdigit()] or [20261121]
    worst = 1.0
    for seed in seeds:
        scores = run(seed, verbose)
        print(f"seed {seed}\n{'family':26} {'cases':>6} {'planted':>8} {'found':>6} {'false':>6}")
        for kind, score in sorted(scores.items(), key=lambda pair: (-pair[1].planted, pair[0])):
            print(f"{kind:26} {score.cases:6} {score.planted:8} {score.found:6} {score.false:6}")
            print(*score.notes, sep="\n", end="\n" if score.notes else "")
        planted = sum(score.planted for score in scores.values())
        found = sum(score.found for score in scores.values())
        false = sum(score.false for score in scores.values())
        precision, recall = found / max(1, found + false), found / max(1, planted)
        print(
            f"precision {precision:.4f}  recall {recall:.4f}  wrong checksums reported {scores['wrong checksum'].false}"
        )
        worst = min(worst, precision, recall)
    return 0 if worst >= 0.97 else 1


if __name__ == "__main__":
    raise SystemExit(main())
