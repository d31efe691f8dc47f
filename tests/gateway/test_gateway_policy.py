"""The policy language: documents, errors with lines, conditions, strictest effect, shadow, extends, the short form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.gateway.policy.compiled import Seen, compile_policy, evaluate
from assay.gateway.policy.document import digest, json_schema, load, load_text
from assay.gateway.policy.expression import ExpressionError, Facts, compile_expression
from assay.gateway.policy.names import name_set, path_set, place_of
from assay.model.decision import Action, Call, Effect, Subject
from assay.model.errors import ConfigError

CALL = Call(
    "1",
    "git",
    {"amount": 40, "nested": {"a": "x"}},
    Subject("bot", ("dev",)),
    workspace="/home/dev/project",
    home="/home/dev",
    branch="feature",
    time=0.0,
)


def ruled(policy: str, action: Action, call: Call = CALL) -> Effect:
    return evaluate(
        compile_policy(load_text(policy)),
        call,
        [Seen(action, place_of(action.target, call) if action.target.startswith("/") else None)],
    ).effect


SHORT = """
agent: codegen-agent
allowed_tools:
  - name: git
    actions: [commit, push]
  - name: ci-pipeline
    actions: [run_tests]
conditions:
  approval_needed: true if branch == "main"
"""


@pytest.mark.parametrize(
    ("verb", "target", "branch", "expected"),
    [
        ("git.commit", "", "feature", Effect.ALLOW),
        ("git.push", "main", "feature", Effect.APPROVAL_NEEDED),
        ("git.push", "feature", "feature", Effect.ALLOW),
        ("ci-pipeline.run_tests", "", "feature", Effect.ALLOW),
        ("ci-pipeline.deploy", "", "feature", Effect.DENY),
        ("slack.post", "", "feature", Effect.DENY),
    ],
)
def test_the_short_form(verb: str, target: str, branch: str, expected: Effect) -> None:
    call = Call("1", verb, {}, Subject("codegen-agent"), branch=branch)
    assert ruled(SHORT, Action(verb, target), call) is expected


def test_the_short_form_is_for_its_agent_only() -> None:
    assert ruled(SHORT, Action("git.commit"), Call("1", "git", {}, Subject("another"))) is Effect.DENY


def test_yaml_and_json_are_the_same_policy() -> None:
    document = load_text(SHORT)
    as_json = json.dumps(
        {
            "agent": "codegen-agent",
            "allowed_tools": [
                {"name": "git", "actions": ["commit", "push"]},
                {"name": "ci-pipeline", "actions": ["run_tests"]},
            ],
            "conditions": {"approval_needed": 'true if branch == "main"'},
        }
    )
    assert load_text(as_json).revision == document.revision == digest(document.policy)


def test_the_strictest_effect_wins_whatever_the_order() -> None:
    statements = [
        "{id: a, effect: allow, actions: [x.*]}",
        "{id: d, effect: deny, actions: [x.y]}",
        "{id: p, effect: approval_needed, actions: ['*']}",
    ]
    for order in (statements, statements[::-1]):
        assert (
            ruled("default: deny\nstatements:\n" + "\n".join(f"  - {each}" for each in order), Action("x.y"))
            is Effect.DENY
        )


def test_what_nobody_speaks_of_gets_the_default() -> None:
    assert ruled("default: approval_needed", Action("a.b")) is Effect.APPROVAL_NEEDED
    assert ruled("{}", Action("a.b")) is Effect.DENY


def test_an_error_in_a_condition_denies_and_is_told() -> None:
    policy = compile_policy(
        load_text(
            "default: allow\nstatements:\n  - {id: e, effect: allow, actions: [a], when: 'args.amount == \"40\"'}"
        )
    )
    ruling = evaluate(policy, CALL, [Seen(Action("a"))])
    assert ruling.effect is Effect.DENY
    assert ruling.errors


def test_shadow_statements_only_observe() -> None:
    policy = compile_policy(
        load_text(
            "default: allow\nstatements:\n  - {id: s, effect: deny, actions: [a], mode: shadow, reason: would}\n  - {id: t, effect: allow, actions: [a]}"
        )
    )
    ruling = evaluate(policy, CALL, [Seen(Action("a"))])
    assert ruling.effect is Effect.ALLOW
    assert [reason.statement for reason in ruling.shadow] == ["s"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("statements:\n  - id: a\n    effect: maybe\n    actions: [x]", ":3:"),
        ("statements:\n  - id: a\n    effect: deny\n    actions: [x]\n    colour: red", ":2:"),
        ("statements: [", "not YAML"),
        ("mode: x", ":1:"),
        ("id: a\nid: b", ":2:"),
        (
            "statements:\n  - {id: a, effect: deny, actions: [x]}\n  - {id: a, effect: deny, actions: [x]}",
            "twice",
        ),
        ("conditions:\n  approval_needed: perhaps", "not understood"),
        ("conditions:\n  maybe: true", "no effect"),
        ("extends: other.yaml", "needs a file"),
        (
            "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e]",
            "too many",
        ),
    ],
)
def test_errors_say_where(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_text(text)


def test_unknown_sets_and_bad_conditions_are_errors() -> None:
    for extra in (
        "resources: {paths: ['@nope']}",
        "when: 'x =='",
        "when: 'branch < 3'",
        "when: 'detail matches \"(\"'",
        "when: 'nothing == 1'",
    ):
        with pytest.raises(ConfigError):
            compile_policy(load_text(f"statements:\n  - {{id: a, effect: deny, actions: [x], {extra}}}"))


def test_extends_adds_and_replaces(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "default: deny\nsets: {a: ['/x']}\nstatements:\n  - {id: one, effect: allow, actions: [a]}\n  - {id: two, effect: deny, actions: [b]}"
    )
    (tmp_path / "own.yaml").write_text(
        "extends: base.yaml\nsets: {a: ['/y']}\nstatements:\n  - {id: two, effect: allow, actions: [b]}"
    )
    policy = load([tmp_path / "own.yaml"]).policy
    assert policy.sets["a"] == ["/x", "/y"]
    assert {each.id: each.effect for each in policy.statements} == {"one": "allow", "two": "allow"}
    (tmp_path / "circle.yaml").write_text("extends: circle.yaml")
    with pytest.raises(ConfigError, match="circle"):
        load([tmp_path / "circle.yaml"])


def test_the_schema_fits_the_policy_that_ships() -> None:
    import jsonschema
    import yaml

    from assay.gateway.policy.document import DEFAULT_POLICY

    jsonschema.validate(yaml.safe_load(DEFAULT_POLICY.read_text()), json_schema())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('branch == "feature"', True),
        ('branch in ["main", "feature"] and not (agent == "x")', True),
        ("args.amount <= 50", True),
        ("args.amount > 1k", False),
        ("args.missing == null", True),
        ('args.nested.a matches "^x$"', True),
        ("time in 23:00-01:00", True),
        ("time in 09:00-17:00", False),
        ('weekday == "thu"', True),
        ('"dev" in roles or false', True),
        ('"force" not in flags', True),
        ("args.amount < 10KB and args.amount != 41", True),
        ("session.read_secret", False),
        ('workspace under "~"', True),
        ('host host-in ["example.com"]', True),
    ],
)
def test_conditions(source: str, expected: bool) -> None:
    action = Action("net.connect", "api.example.com")
    assert compile_expression(source)(Facts(CALL, action)) is expected


def test_types_do_not_mix() -> None:
    for source in ("args.amount == true", "args.nested.a > 3", "args.amount"):
        with pytest.raises(ExpressionError):
            compile_expression(source)(Facts(CALL, Action("a")))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab \"'()[],<>=!.0123456789nortiueflsadm-%KMB", max_size=40))
def test_any_text_is_a_condition_or_an_error(source: str) -> None:
    try:
        compiled = compile_expression(source)
    except ConfigError:
        return
    try:
        assert compiled(Facts(CALL, Action("a"))) in (True, False)
    except ExpressionError:
        pass


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/home/dev/.ssh/id_rsa", True),
        ("/home/dev/.ssh/id_rsa.pub", False),
        ("/home/dev/.SSH/ID_RSA", True),
        ("/home/dev/project/.env", True),
        ("/home/dev/project/.env.local", True),
        ("/home/dev/project/.env.example", False),
        ("/home/dev/project/env.py", False),
        ("/home/other/.ssh/id_rsa", True),
        ("/root/.ssh/id_rsa", True),
        ("/home/dev/project/server.pem", True),
        ("/home/dev/projects", False),
    ],
)
def test_paths_in_a_set(path: str, inside: bool) -> None:
    secrets = path_set(["~/.ssh", "!~/.ssh/*.pub", "**/.env", "**/.env.*", "!**/.env.example", "**/*.pem"])
    assert secrets.holds(place_of(path, CALL)) is inside


@pytest.mark.parametrize(
    ("path", "glob", "recursive", "inside"),
    [
        ("/home/dev/.ss*/id_*", True, False, True),
        ("/home/*/.ssh/x", True, False, True),
        ("/home/dev/project/*.py", True, False, False),
        ("/home/dev/project/*", True, False, False),
        ("/home/dev", False, True, True),
        ("/", False, True, True),
        ("/home/dev/project", False, True, False),
        ("/home/dev/.ssh", False, True, True),
    ],
)
def test_wildcards_and_folders_above(path: str, glob: bool, recursive: bool, inside: bool) -> None:
    secrets = path_set(["~/.ssh", "!~/.ssh/*.pub", "!~/.ssh/config", "**/.env"])
    assert secrets.holds(place_of(path, CALL, glob=glob, recursive=recursive)) is inside


def test_names() -> None:
    names = name_set(["example.com", "*.github.com", "a*z", "!abz"])
    assert [
        names.holds(each) for each in ("EXAMPLE.com", "api.github.com", "github.com", "axxz", "abz", "x")
    ] == [True, True, False, True, False, False]
