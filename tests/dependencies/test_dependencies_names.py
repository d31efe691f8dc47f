"""Names: the lists, look-alikes of every kind, the lookup through a client, what is asked for in commands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.dependencies.install_commands import requests_in, requests_of
from assay.dependencies.names.bloom import build
from assay.dependencies.names.judge import NameJudge
from assay.dependencies.names.known import builtin
from assay.dependencies.names.lookalike import Index, Likeness, distance
from assay.dependencies.names.lookup import ClientLookup
from assay.model.component import Scope

JUDGE = NameJudge()


@pytest.mark.parametrize(
    ("ecosystem", "name", "state", "like"),
    [
        ("PyPI", "requests", "known", ""),
        ("PyPI", "Python_DateUtil", "known", ""),
        ("PyPI", "reqeusts", "lookalike", "requests"),
        ("PyPI", "requestss", "lookalike", "requests"),
        ("PyPI", "rеquests", "lookalike", "requests"),
        ("PyPI", "pythondateutil", "lookalike", "python-dateutil"),
        ("PyPI", "requests-python", "lookalike", "requests"),
        ("PyPI", "dateutil-python", "lookalike", "python-dateutil"),
        ("PyPI", "jsonwebtoken", "wrong-ecosystem", "jsonwebtoken"),
        ("npm", "lodahs", "lookalike", "lodash"),
        ("npm", "expresss", "lookalike", "express"),
        ("npm", "beautifulsoup4", "wrong-ecosystem", "beautifulsoup4"),
        ("PyPI", "fastapi-session-guardian", "unknown", ""),
        ("crates.io", "serdee", "lookalike", "serde"),
        ("GitHub Actions", "action/checkout", "lookalike", "actions/checkout"),
        ("Go", "github.com/sirupsem/logrus", "lookalike", "github.com/sirupsen/logrus"),
        ("Go", "github.com/sirupsen/logruss", "unknown", ""),
        ("Hex", "phoenix", "unknown", ""),
        ("npm", "babelcl", "lookalike", "@babel/cli"),
        ("npm", "nodemonjs", "lookalike", "nodemon"),
        ("npm", "ethesjs", "lookalike", "ethers"),
        ("npm", "underscore.string-2", "lookalike", "underscore.string"),
        ("npm", "--save-dev", "lookalike", "--save-dev"),
        ("PyPI", "your-package", "lookalike", "your-package"),
        ("RubyGems", "raills", "lookalike", "rails"),
        ("GitHub Actions", "docekr/whatever", "unknown", ""),
        ("GitHub Actions", "hashicrop/whatever", "lookalike", "hashicorp/setup-terraform"),
        ("Go", "github.com/gorila/mux", "lookalike", "github.com/gorilla/mux"),
        ("Go", "xorm.example/builder", "unknown", ""),
    ],
)
def test_verdicts(ecosystem: str, name: str, state: str, like: str) -> None:
    verdict = JUDGE.judge(ecosystem, name)
    assert (verdict.state, verdict.like) == (state, like), verdict


def test_unknown_is_never_called_fine() -> None:
    verdict = JUDGE.judge("PyPI", "surely-no-such-package-anywhere")
    assert verdict.state == "unknown"
    assert "not asked" in verdict.reason
    assert not verdict.bad


class Answers:
    def __init__(self, answer: bool | None) -> None:
        self.answer = answer

    def exists(self, ecosystem: str, name: str) -> bool | None:
        return self.answer


@pytest.mark.parametrize(("answer", "state"), [(True, "exists"), (False, "missing"), (None, "unknown")])
def test_the_registry_decides_what_lists_cannot(answer: bool | None, state: str) -> None:
    assert NameJudge(Answers(answer)).judge("PyPI", "surely-no-such-package").state == state


def test_a_typing_error_stays_one_even_if_the_registry_has_it() -> None:
    assert NameJudge(Answers(True)).judge("PyPI", "reqeusts").state == "lookalike"


def test_trusted_names_are_known() -> None:
    assert NameJudge(trusted=frozenset({"reqeusts"})).judge("PyPI", "reqeusts").state == "known"


LETTERS = st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789")


@pytest.mark.parametrize("ecosystem", ["PyPI", "npm"])
@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_every_mutant_of_a_popular_name_is_flagged_or_known(ecosystem: str, data: st.DataObject) -> None:
    known = builtin(ecosystem)
    assert known is not None
    name = data.draw(st.sampled_from(list(known.ranks)[:1000]))
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(LETTERS)
    mutant = data.draw(
        st.sampled_from(
            [
                name[:place] + letter + name[place:],
                name[:place] + letter + name[place + 1 :],
                name[:place] + name[place + 1 :],
                name[:place] + name[place + 1 : place + 2] + name[place] + name[place + 2 :],
            ]
        )
    )
    if mutant.strip("-_.@/"):
        assert JUDGE.judge(ecosystem, mutant).state in {"lookalike", "known"}


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_distance_is_symmetric_and_bounded(first: str, second: str) -> None:
    found = distance(first, second, 3)
    assert found == distance(second, first, 3)
    assert 0 <= found <= 4
    assert (found == 0) == (first == second)


@given(st.text(max_size=250))
@settings(max_examples=100, deadline=None)
def test_no_name_raises(name: str) -> None:
    for ecosystem in ("PyPI", "npm", "Go"):
        JUDGE.judge(ecosystem, name)


def test_scopes_and_joined_names() -> None:
    index = Index(
        {
            name: rank
            for rank, name in enumerate(
                ["@acme-corp/core", "@acme-corp/cli", "@acme-corp/web", "moment", "chalk"], 1
            )
        }
    )
    found = index.resemblance("@acme-crop/core")
    assert found is not None
    assert found.target == "@acme-corp/core"
    joined = index.resemblance("momentchalk")
    assert joined is not None
    assert joined.kind is Likeness.JOINED
    assert index.resemblance("@other/core") is None


@given(st.sets(st.text(max_size=12), max_size=60))
@settings(max_examples=40, deadline=None)
def test_a_filter_never_forgets(names: set[str]) -> None:
    bloom = build(names, 0.001)
    assert all(name in bloom for name in names)


def test_a_filter_seldom_lies() -> None:
    bloom = build([f"name-{index}" for index in range(5000)], 0.001)
    assert sum(f"other-{index}" in bloom for index in range(5000)) < 40


class Client:
    """A package client that says what it is told to."""

    def __init__(self, code: int, out: str = "", error: str = "") -> None:
        self.said = (code, out, error)
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str], seconds: float) -> tuple[int, str, str] | None:
        self.calls.append(argv)
        return self.said


@pytest.mark.parametrize(
    ("ecosystem", "client", "answer"),
    [
        ("PyPI", Client(0, "requests (2.32.3)\nAvailable versions: 2.32.3"), True),
        ("PyPI", Client(1, "", "ERROR: No matching distribution found for nope"), False),
        (
            "PyPI",
            Client(
                1, "", "WARNING: Retrying ... NewConnectionError ... No matching distribution found for nope"
            ),
            None,
        ),
        ("npm", Client(1, "", "npm error code E404\nnpm error 404 Not Found"), False),
        ("npm", Client(1, "", "npm error code ENOTFOUND getaddrinfo"), None),
        ("npm", Client(1, "", "something else"), None),
        ("RubyGems", Client(0, "*** REMOTE GEMS ***\n\n"), False),
    ],
)
def test_what_clients_say(ecosystem: str, client: Client, answer: bool | None) -> None:
    lookup = ClientLookup(client)
    if ecosystem == "RubyGems":
        assert lookup.exists(ecosystem, "nope") is False
        return
    assert lookup.exists(ecosystem, "nope") is answer
    lookup.exists(ecosystem, "nope")
    assert len(client.calls) == 1


def test_a_missing_client_knows_nothing_and_odd_names_are_not_asked() -> None:
    assert ClientLookup(lambda _argv, _seconds: None).exists("PyPI", "x") is None
    client = Client(0, "x")
    for name in ("--help", "-r", "a b", "a;b", "$(x)", ""):
        assert ClientLookup(client).exists("npm", name) is None
    assert client.calls == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install flask", ["PyPI:flask@"]),
        ("pip3 install 'flask[async]>=2' requests==2.32.3", ["PyPI:flask@", "PyPI:requests@2.32.3"]),
        ("python -m pip install -U --no-cache-dir flask", ["PyPI:flask@"]),
        ("python3.12 -m pip install -r requirements.txt", []),
        ("sudo -H pip install -i https://x.example/simple flask", ["PyPI:flask@"]),
        ("PIP_X=1 pip install -e . flask", ["PyPI:flask@"]),
        ("pip download flask --no-deps", ["PyPI:flask@"]),
        ("pip uninstall flask", []),
        ("pip install git+https://git.example.org/a/tool.git@main", ["PyPI:tool@"]),
        ("uv add flask==3.1.0 --dev", ["PyPI:flask@3.1.0"]),
        ("uv pip install flask", ["PyPI:flask@"]),
        ("uv tool install ruff@0.8.0", ["PyPI:ruff@0.8.0"]),
        ("uvx ruff check .", ["PyPI:ruff@"]),
        ("uvx --from 'httpie==3.2' http", ["PyPI:httpie@3.2"]),
        ("uv run --with rich script.py", ["PyPI:rich@"]),
        ("poetry add flask@^3 -G dev", ["PyPI:flask@"]),
        ("pdm add flask", ["PyPI:flask@"]),
        ("pipenv install --dev pytest", ["PyPI:pytest@"]),
        ("pipx run black .", ["PyPI:black@"]),
        ("conda install -c conda-forge -y numpy=1.26", ["conda:numpy@1.26"]),
        ("npm install lodash@4.17.21 @s/b", ["npm:lodash@4.17.21", "npm:@s/b@"]),
        ("npm i -D typescript", ["npm:typescript@"]),
        ("npm install", []),
        ("npm ci", []),
        ("npm install owner/repo", ["npm:owner/repo@"]),
        ("npx -y cowsay@1.6.0 hi", ["npm:cowsay@1.6.0"]),
        ("npx --package=typescript tsc", ["npm:typescript@"]),
        ("npm exec -- cowsay", ["npm:cowsay@"]),
        ("pnpm add -w lodash", ["npm:lodash@"]),
        ("pnpm dlx create-x", ["npm:create-x@"]),
        ("yarn add lodash@npm:real@1.0.0", ["npm:real@1.0.0"]),
        ("yarn global add serve", ["npm:serve@"]),
        ("bun add lodash", ["npm:lodash@"]),
        ("bunx cowsay", ["npm:cowsay@"]),
        ("deno add npm:chalk@5.3.0", ["npm:chalk@5.3.0"]),
        ("cargo install ripgrep --version 14.1.0", ["crates.io:ripgrep@14.1.0"]),
        ("cargo add serde@1.0.200 --features derive", ["crates.io:serde@1.0.200"]),
        ("cargo install --git https://git.example.org/x", []),
        ("go get example.org/m@v1.2.3", ["Go:example.org/m@v1.2.3"]),
        ("go install example.org/m/cmd@latest", ["Go:example.org/m/cmd@"]),
        ("go run .", []),
        ("gem install rails -v 7.1.0", ["RubyGems:rails@7.1.0"]),
        ("bundle add rack", ["RubyGems:rack@"]),
        ("composer require monolog/monolog:3.5.0", ["Packagist:monolog/monolog@3.5.0"]),
        (
            "apt-get update && apt-get install -y --no-install-recommends curl=7.88 git",
            ["Debian:curl@7.88", "Debian:git@"],
        ),
        ("apk add --no-cache curl", ["Alpine:curl@"]),
        ("bash -c 'pip install flask && npm i lodash'", ["PyPI:flask@", "npm:lodash@"]),
        ("cd x; pip install flask > /dev/null 2>&1 || true", ["PyPI:flask@"]),
        ("pip install $PACKAGE", []),
        ("echo pip install flask", []),
        ("git commit -m 'pip install flask'", []),
    ],
)
def test_install_commands(command: str, expected: list[str]) -> None:
    found = [f"{request.ecosystem}:{request.name}@{request.version}" for _, request in requests_in(command)]
    assert found == expected


def test_facts_of_a_command() -> None:
    (request,) = requests_of(["npm", "install", "--save-dev", "--registry", "https://u:p@r.example", "x"])
    assert request.scope is Scope.DEVELOPMENT
    assert request.index == "https://r.example"


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_script_raises(script: str) -> None:
    list(requests_in(script))
    list(requests_in(f"pip install {script}"))
