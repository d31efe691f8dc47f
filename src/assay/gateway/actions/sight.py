"""Actions as a policy sees them: with resolved paths, canonical hosts, and flags that follow from the call's place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from assay.gateway.actions.files import UNKNOWN, other_name, resolved
from assay.gateway.actions.hosts import canonical, kinds_of
from assay.gateway.policy.compiled import Seen
from assay.gateway.policy.names import Place, place_of
from assay.model.decision import Action, Call

_HERE = frozenset(
    {
        "file.write",
        "file.delete",
        "file.mode",
        "file.link",
        "code.run",
        "env.set",
        "env.unset",
        "system.change",
        "package.install",
        "privilege.raise",
    }
)
PackageJudge = Callable[[str, str], frozenset[str]]
"""What is known of a package (`<ecosystem>:<name>`, version): flags such as `invented`, `lookalike`, `malicious`, `locked`."""


def sights(
    actions: Iterable[Action], call: Call, judge: PackageJudge | None = None, roots: Sequence[str] = ()
) -> Iterator[Seen]:
    """Every action as the policy sees it. A path that leads elsewhere through links is seen under both names; `roots` are where a file
    that has two names is looked for.
    """
    for action in actions:
        if "remote" in action.flags and action.verb in _HERE:
            continue  # it happens on another machine or in a container, and that it works there is an action of its own
        if action.verb.startswith("file.") or action.verb == "code.run":
            yield from _file(action, call, roots)
        elif action.verb in ("net.connect", "data.send", "remote.exec"):
            yield _host(action)
        elif action.verb == "git.push":
            yield Seen(_push(action, call))
        elif action.verb == "package.install" and judge is not None:
            yield Seen(action._replace(flags=action.flags | judge(action.target, action.detail)))
        else:
            yield Seen(action)


def _file(action: Action, call: Call, roots: Sequence[str]) -> Iterator[Seen]:
    path = action.target
    if not path.startswith("/"):
        unknown = action._replace(flags=action.flags | {"unknown"})
        yield Seen(unknown, _place("/" + path if action.verb == "file.read" else path, action, call))
        return
    yield Seen(_marked(action, path, call), _place(path, action, call))
    real, twice = resolved(path, call)
    if real != path:
        led = action._replace(target=real)
        yield Seen(_marked(led, real, call), _place(real, action, call))
    if twice:
        led = action._replace(target=real, flags=action.flags | {"hard-linked"})
        yield Seen(led, _place(real, action, call))
        named = other_name(real, call, roots)
        if named:
            yield Seen(led._replace(target=named), _place(named, action, call))


def _place(path: str, action: Action, call: Call) -> Place:
    glob = "glob" in action.flags or UNKNOWN in path
    return _cached_place(
        path.replace(UNKNOWN, "*"), call.home, call.workspace, glob, "recursive" in action.flags
    )


@lru_cache(maxsize=4_096)
def _cached_place(path: str, home: str, workspace: str, glob: bool, recursive: bool) -> Place:
    return place_of(path, Call("", "", {}, home=home, workspace=workspace), glob=glob, recursive=recursive)


def _marked(action: Action, path: str, call: Call) -> Action:
    if action.verb != "file.delete":
        return action
    flags = set(action.flags)
    base = path.rstrip("*").rstrip("/") or "/"
    if (
        base in ("/", call.home, call.workspace)
        or base.startswith(f"{call.workspace}/.git")
        or call.workspace.startswith(base + "/")
    ):
        flags.add("root")
    if UNKNOWN in path:
        flags.add("unknown")
    temporary = base.startswith(("/tmp/", "/var/tmp/"))  # noqa: S108 - a place to compare with
    if "contents" in flags and (temporary or base != call.workspace):
        flags.discard("contents")
    return action._replace(flags=frozenset(flags)) if flags != action.flags else action


def _host(action: Action) -> Seen:
    kinds = kinds_of(action.target)
    return Seen(
        action._replace(flags=action.flags | kinds) if kinds else action, None, canonical(action.target)
    )


def _push(action: Action, call: Call) -> Action:
    branch = call.branch if action.target in ("HEAD", "", "@") else action.target
    flags = set(action.flags)
    if branch == "*" or ":" in branch:
        flags.add("all")
    if branch in ("", "HEAD", "@") or any(fnmatchcase(branch, pattern) for pattern in call.protected):
        flags.add("protected")
    if UNKNOWN in branch:
        flags.add("all")
    return action._replace(target=branch or action.target, flags=frozenset(flags))
