"""`assay rules list|show|test|quality|controls|validate`: ours and the project's own, the same way."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from assay.model.errors import RuleError
from assay.model.rule import Profile, Rule
from assay.rules.load import builtin_rules, load_file, load_folder
from assay.rules.quality import ENOUGH, measurement, sentence
from assay.rules.select import OWN_FOLDER, OWN_PREFIX, by_engine, find, own_rules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser("list", help="one line for each rule")
    listing.add_argument("--engine", help="only this engine's")
    listing.add_argument("--json", action="store_true")
    show = verbs.add_parser("show", help="everything about one rule")
    show.add_argument("rule")
    test = verbs.add_parser("test", help="run the examples of rules through the production engine")
    test.add_argument("path", nargs="*", help="rule files or folders (default: .assay/rules)")
    test.add_argument("--builtin", action="store_true", help="the built-in rules as well")
    test.add_argument("--engine", help="only this engine's")
    quality = verbs.add_parser("quality", help="how often each rule was right where it was measured")
    quality.add_argument("--engine", default="code", help="only this engine's (default: code)")
    quality.add_argument("--measured", action="store_true", help="only rules with labelled findings")
    quality.add_argument("--json", action="store_true")
    controls = verbs.add_parser(
        "controls", help="which rules look for what breaks each control of a compliance framework"
    )
    controls.add_argument("--framework", default="", help="only this one, for example hipaa")
    controls.add_argument("--json", action="store_true")
    validate = verbs.add_parser("validate", help="check the form of rule files without running them")
    validate.add_argument("path", nargs="*", help="rule files or folders (default: .assay/rules)")
    validate.add_argument(
        "--schema", action="store_true", help="print the JSON schema of a rule file and stop"
    )


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    verbs = {
        "list": _list, "show": _show, "test": _test, "quality": _quality, "controls": _controls, "validate": _validate,
    }  # fmt: skip
    return verbs[args.verb](args)


def _list(args: argparse.Namespace) -> int:
    rules = [rule for rule in _all_rules() if args.engine in (None, rule.engine)]
    if args.json:
        rows = [
            {"id": r.id, "engine": r.engine, "severity": r.severity.value, "profile": r.profile.value, "title": r.title, "cwe": r.cwe}
            for r in rules
        ]  # fmt: skip
        _say(json.dumps(rows, indent=2))
        return 0
    width = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        _say(f"{rule.id.ljust(width)}  {rule.severity.value:8}  {rule.title}")
    _say(f"{len(rules)} rules")
    return 0


def _show(args: argparse.Namespace) -> int:
    rule = find(_all_rules(), args.rule)
    _say(f"{rule.id}: {rule.title}\n")
    _say(
        f"engine {rule.engine}, severity {rule.severity.value}, confidence {rule.confidence.value}, profile {rule.profile.value}"
    )
    _say(f"quality: {sentence(rule)}")
    _say(f"last reviewed {rule.last_reviewed}\n\n{rule.message}\n\nWhat to do: {rule.remediation}")
    for label, values in (
        ("CWE", rule.cwe),
        ("OWASP", rule.owasp),
        ("ASVS", rule.asvs),
        ("controls", rule.controls),
    ):
        if values:
            _say(f"{label}: {', '.join(values)}")
    for reference in rule.references:
        _say(f"see {reference}")
    for kind, examples in (("reported", rule.bad), ("not reported", rule.good)):
        for example in examples:
            _say(
                f"\n{kind}, as {example.path}:\n"
                + "".join(f"    {line}\n" for line in example.code.splitlines())
            )
    return 0


def _test(args: argparse.Namespace) -> int:
    from assay.scan.engines.examples import check_rule
    from assay.scan.engines.registry import load

    rules = _given(args.path) if args.path or not args.builtin else own_rules(Path())
    if args.builtin:
        rules += builtin_rules()
    rules = tuple(rule for rule in rules if args.engine in (None, rule.engine))
    own = by_engine(tuple(rule for rule in rules if rule.id.startswith(OWN_PREFIX)))
    failures = []
    for name, group in by_engine(rules).items():
        engine = load(name, own.get(name, ()))
        failures += [failure for rule in group for failure in check_rule(rule, engine)]
    for failure in failures:
        _say(f"{failure.rule_id}: {failure.kind}[{failure.index}] {failure.message}")
    examples = sum(len(rule.bad) + len(rule.good) for rule in rules)
    _say(f"{len(rules)} rules, {examples} examples, {len(failures)} failures")
    return 1 if failures else 0


def _quality(args: argparse.Namespace) -> int:
    table = measurement()
    rules = [rule for rule in _all_rules() if rule.engine == args.engine]
    if args.measured:
        rules = [r for r in rules if r.id in table.rules and table.rules[r.id].precision is not None]
    if args.json:
        _say(
            json.dumps(
                {
                    "measured": table.measured,
                    "corpora": table.corpora,
                    "rules": [_quality_row(r) for r in rules],
                },
                indent=2,
            )
        )
        return 0
    width = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        _say(
            f"{rule.id.ljust(width)}  {rule.profile.value:7}  confidence {rule.confidence.value:6}  {sentence(rule)}"
        )
    default = [rule for rule in rules if rule.profile is Profile.DEFAULT]
    known = [r for r in default if r.id in table.rules and table.rules[r.id].is_measured]
    _say(
        f"{len(rules)} rules; of {len(default)} in the default profile {len(known)} have {ENOUGH} or more labelled findings, the others stand by argument and their examples"
    )
    for corpus in table.corpora:
        _say(
            f"measured {table.measured} on {corpus['name']}: {corpus['files']} files, {corpus['lines']} lines, content {corpus['digest']}"
        )
    return 0


def _quality_row(rule: Rule) -> dict[str, object]:
    found = measurement().rules.get(rule.id)
    return {
        "id": rule.id, "profile": rule.profile.value, "confidence": rule.confidence.value, "right": found.right if found else None,
        "wrong": found.wrong if found else None, "precision": found.precision if found else None, "clean": found.clean if found else None,
    }  # fmt: skip


def _controls(args: argparse.Namespace) -> int:
    from assay.rules.controls import coverage

    rows = coverage(_all_rules(), args.framework)
    if args.json:
        _say(
            json.dumps(
                [
                    {
                        "id": row.control.id,
                        "text": row.control.text,
                        "version": row.control.version,
                        "rules": row.rules,
                    }
                    for row in rows
                ],
                indent=2,
            )
        )
        return 0
    for row in rows:
        _say(
            f"{row.control.id}  {row.control.text}\n    {len(row.rules)} rules"
            + (f": {', '.join(row.rules[:4])}" if row.rules else "")
        )
    covered = sum(bool(row.rules) for row in rows)
    _say(
        f"{covered} of {len(rows)} controls have a rule that looks for what breaks them; a rule alone proves no compliance"
    )
    return 0


def _validate(args: argparse.Namespace) -> int:
    if args.schema:
        from assay.rules.schema import json_schema

        _say(json.dumps(json_schema(), indent=2))
        return 0
    from assay.rules.identifiers import doubtful

    rules = _given(args.path)
    for rule in rules:
        for text in doubtful(rule):
            _say(f"{rule.id}: {text}")
    _say(f"{len(rules)} rules are well-formed")
    return 0


def _all_rules() -> tuple[Rule, ...]:
    return own_rules(Path()) + builtin_rules()


def _given(paths: list[str]) -> tuple[Rule, ...]:
    """The rules in the files and folders named, else the project's own."""
    if not paths:
        if not OWN_FOLDER.is_dir():
            raise RuleError(f"there is no {OWN_FOLDER}", "name rule files or folders, or say --builtin")
        return own_rules(Path())
    rules: tuple[Rule, ...] = ()
    for name in paths:
        path = Path(name)
        if not path.exists():
            raise RuleError(f"{name} does not exist", "name a rule file or a folder of them")
        rules += (
            load_folder(path, OWN_PREFIX) if path.is_dir() else (load_file(path, OWN_PREFIX + path.stem),)
        )
    return rules


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
