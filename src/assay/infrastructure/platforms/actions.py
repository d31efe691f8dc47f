"""GitHub workflows and actions as units, read together so that actions and workflows of the same repository are followed.

Kinds: `workflow`, `job`, `step`, `action` (an action.yml), and `command` for each command of a `run`. A step gets `action` (name, ref,
pinned, local, official), `injections` (expressions that become part of a script: source, level, via) and `prints`. A job gets `token`:
its permissions, its own or the workflow's. A workflow gets `triggers` (a list) and `privileged`: a trigger that runs with the
repository's rights on a stranger's input.
"""

from __future__ import annotations

import re  # linear patterns over short texts
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from assay.infrastructure.credentials import is_guessable, is_secret_setting
from assay.infrastructure.documents.read_yaml import Documents, read_yaml
from assay.infrastructure.expressions import Use, is_attacker, is_input, uses
from assay.infrastructure.node import UNKNOWN, Node, Span, Unknown, walk
from assay.infrastructure.scripts import Place, commands, effects
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "actions"
_PRIVILEGED = frozenset(
    [
        "pull_request_target",
        "workflow_run",
        "issues",
        "issue_comment",
        "discussion",
        "discussion_comment",
        "fork",
        "watch",
        "gollum",
        "pull_request_review",
        "pull_request_review_comment",
    ]
)
_SHA = re.compile(r"^[0-9a-f]{40}$|^[0-9a-f]{64}$")
_HEAD = re.compile(
    r"github\.event\.(pull_request\.(head\.(sha|ref|repo)|merge_commit_sha|number)|workflow_run\.(head_(sha|branch|repository)|pull_requests)|issue\.number|number)|github\.head_ref|refs/pull/"
)
_OUTPUT = re.compile(
    r"(?:echo|printf)\s+[\"']?([A-Za-z_][\w-]*)=([^\n]*?)[\"']?\s*>>\s*[\"']?\$\{?GITHUB_(OUTPUT|ENV)"
)
_SET_OUTPUT = re.compile(r"::set-output name=([\w-]+)::([^\n]*)")
_SCRIPT_INPUTS = {
    "actions/github-script": "script",
    "azure/cli": "inlinescript",
    "azure/powershell": "inlinescript",
    "appleboy/ssh-action": "script",
    "addnab/docker-run-action": "run",
}
# Outputs of widely used actions that hold what a stranger wrote, by action and output name (* is all).
_TAINTED_OUTPUTS = {
    "tj-actions/changed-files": "*",
    "xt0rted/pull-request-comment-branch": "head_ref",
    "tj-actions/branch-names": "*",
    "jitterbit/get-changed-files": "*",
    "trilom/file-changes-action": "*",
    "eficode/resolve-pr-refs": "head_ref",
}


@dataclass(slots=True)
class _Taint:
    """What a job's expressions may hold: variables and outputs that carry a stranger's text, by lower-case context, with their source."""

    contexts: dict[str, str] = field(default_factory=dict)

    def source(self, context: str) -> str:
        """Where the stranger's text comes from, or empty."""
        if is_attacker(context):
            return context
        return self.contexts.get(context, "")


def read_all(texts: Mapping[str, str]) -> Iterable[Reading]:
    """The units of every workflow and action of a repository."""
    parsed: dict[str, Documents] = {uri: read_yaml(text) for uri, text in texts.items()}
    dangerous = {
        _local_name(uri): names
        for uri, documents in parsed.items()
        for root in documents.roots[:1]
        if (names := _dangerous_inputs(root))
    }
    for uri, documents in parsed.items():
        lines = texts[uri].split("\n")
        units: list[Unit] = []
        for root in documents.roots[:1]:
            units.extend(_File(uri, lines, dangerous).units(root))
        yield Reading(uri, PLATFORM, tuple(units), documents.problems)


def _local_name(uri: str) -> str:
    return uri.rpartition("/")[0] if uri.endswith(("action.yml", "action.yaml")) else uri


def _dangerous_inputs(root: Node) -> frozenset[str]:
    """The inputs of an action or reusable workflow that become part of a script in it."""
    names: set[str] = set()
    for step in _all_steps(root):
        env = {f"env.{name.lower()}": child for name, child in (step.get("env") or Node(None)).fields()}
        for use in uses(step.text("run")):
            for context in use.contexts:
                if context.startswith("env.") and context in env:
                    names.update(
                        part
                        for each in uses(env[context].text())
                        for part in each.contexts
                        if part.startswith("inputs.")
                    )
                if context.startswith("inputs."):
                    names.add(context)
    return frozenset(name.removeprefix("inputs.") for name in names)


def _all_steps(root: Node) -> Iterator[Node]:
    for _, job in (root.get("jobs") or Node(None)).fields():
        yield from (job.get("steps") or Node(None)).items()
    yield from (root.at("runs.steps") or Node(None)).items()


def triggers(root: Node) -> list[str]:
    """The events that start a workflow. YAML 1.1 reads `on` as true."""
    on = root.get("on") or root.get("true")
    if on is None:
        return []
    if isinstance(on.value, dict):
        return [name for name, _ in on.fields()]
    if isinstance(on.value, list):
        return [item.text() for item in on.value]
    return [on.text()]


class _File:
    """One workflow or action while its units are made."""

    def __init__(self, uri: str, lines: list[str], dangerous: Mapping[str, frozenset[str]]) -> None:
        self.uri, self.lines, self.dangerous = uri, lines, dangerous

    def units(self, root: Node) -> Iterator[Unit]:
        """Every unit of the file."""
        if root.get("runs") is not None:
            yield Unit(PLATFORM, "action", self.uri, self.uri, root, root.span)
            action = Node({"triggers": Node([]), "privileged": Node(None), "reusable": Node(True)}, root.span)
            yield from self._steps(
                root.at("runs.steps"), {"workflow": action, "job": Node({})}, "action", _Taint()
            )
            return
        if not isinstance(root.value, dict) or root.get("jobs") is None:
            return
        names = triggers(root)
        on = root.get("on") or root.get("true") or root
        facts = {
            **root.value,
            "triggers": Node([Node(name, on.span) for name in names], on.span, on.key),
            "privileged": Node(bool(_PRIVILEGED & set(names)), on.span, on.key),
            "reusable": Node("workflow_call" in names, on.span, on.key),
            "publishes": Node(_publishes(names, on), on.span, on.key),
        }
        workflow = Node(facts, root.span)
        yield Unit(PLATFORM, "workflow", root.text("name") or self.uri, self.uri, workflow, on.key or on.span)
        taint = _Taint()
        for name, job in (root.get("jobs") or Node(None)).fields():
            yield from self._job(name, job, workflow, taint)

    def _job(self, name: str, job: Node, workflow: Node, outer: _Taint) -> Iterator[Unit]:
        if not isinstance(job.value, dict):
            return
        taint = _Taint(dict(outer.contexts))
        for scope in (workflow, job):
            _taint_env(scope.get("env"), taint)
        facts = dict(job.value)
        facts["token"] = job.get("permissions") or workflow.get("permissions") or Node(None, job.span)
        facts["name_in_file"] = Node(name, job.span)
        facts["self_hosted"] = Node(_self_hosted(job.get("runs-on")), job.span)
        facts["injections"] = Node(list(self._passed(job, taint)), job.span)
        facts["credentials"] = Node(list(_credentials(job)), job.span)
        node = Node(facts, job.span, job.key)
        head = job.key or job.span
        around = {"workflow": workflow, "job": node}
        yield Unit(PLATFORM, "job", name, self.uri, node, head, {"workflow": workflow})
        yield from self._steps(job.get("steps"), around, name, taint)
        for output, value in (job.get("outputs") or Node(None)).fields():
            for use in uses(value.text()):
                source = next((found for context in use.contexts if (found := taint.source(context))), "")
                if source:
                    outer.contexts[f"needs.{name.lower()}.outputs.{output.lower()}"] = source

    def _steps(
        self, steps: Node | None, around: dict[str, Node], owner: str, taint: _Taint
    ) -> Iterator[Unit]:
        before: list[Node] = []
        for number, step in enumerate(steps.items() if steps else ()):
            if not isinstance(step.value, dict):
                continue
            local = _Taint(dict(taint.contexts))
            _taint_env(step.get("env"), local)
            node = self._step(step, local, before)
            name = step.text("name") or step.text("id") or step.text("uses") or f"step {number + 1}"
            head = step.get("run") or step.get("uses") or step
            yield Unit(
                PLATFORM, "step", f"{owner}/{name}"[:120], self.uri, node, head.key or head.span, around
            )
            inside = {**around, "step": node}
            for command in (node.get("commands") or Node(None)).items():
                yield Unit(PLATFORM, "command", command.text("name"), self.uri, command, command.span, inside)
            _taint_outputs(step, local, taint)
            before.append(node)

    def _step(self, step: Node, taint: _Taint, before: list[Node]) -> Node:
        assert isinstance(step.value, dict)
        facts = dict(step.value)
        run, used = step.get("run"), step.get("uses")
        if used is not None:
            facts["action"] = Node(_action(used), used.span, used.key)
        if run is not None:
            facts["commands"] = Node(commands(_plain(run.text()), self._place(run)), run.span)
            facts["effects"] = Node(effects(_plain(run.text()), run.span), run.span, run.key)
        facts["injections"] = Node([*self._injections(step, taint), *self._passed(step, taint)], step.span)
        facts["credentials"] = Node(list(_credentials(step)), step.span)
        facts["checks_out_head"] = Node(_checks_out_head(step), (used or run or step).span)
        facts["after_head"] = Node(
            any(each.text("checks_out_head") or _is(each, "checks_out_head") for each in before), step.span
        )
        facts["after_download"] = Node(any(_unpacks_here(each) for each in before), step.span)
        facts["after_artifact"] = Node(
            any("download-artifact" in each.text("uses") for each in before), step.span
        )
        return Node(facts, step.span, step.key)

    def _place(self, run: Node) -> Place:
        """Where the text of a block scalar starts: on the line below its `|`."""
        first = (
            self.lines[run.span.start_line - 1][run.span.start_column - 1 :]
            if run.span.start_line <= len(self.lines)
            else ""
        )
        if not first.startswith(("|", ">")):
            return Place(run.span.start_line, run.span.start_column)
        at = run.span.start_line
        while at < len(self.lines) and not self.lines[at].strip():
            at += 1
        indent = len(self.lines[at]) - len(self.lines[at].lstrip()) if at < len(self.lines) else 0
        return Place(run.span.start_line + 1, indent + 1, indent)

    def _injections(self, step: Node, taint: _Taint) -> Iterator[Node]:
        """The expressions that become part of a script."""
        action = step.text("uses").partition("@")[0].lower()
        script = step.get("run")
        if script is None and action in _SCRIPT_INPUTS:
            inputs = {name.lower(): child for name, child in (step.get("with") or Node(None)).fields()}
            script = inputs.get(_SCRIPT_INPUTS[action])
        if script is None:
            return
        finder = _Finder(self.lines, script.span)
        for use in uses(script.text()):
            span = finder.find(script.text()[use.start : use.start + use.length])
            found = _judged(use, taint, span)
            if found is not None:
                yield found

    def _passed(self, step: Node, taint: _Taint) -> Iterator[Node]:
        """What a step or job passes to an action or workflow of the repository that puts it into a script."""
        target = step.text("uses").removeprefix("./").rstrip("/")
        names = self.dangerous.get(target, frozenset()) if step.text("uses").startswith("./") else frozenset()
        for name, value in (step.get("with") or Node(None)).fields():
            if name.lower() not in names:
                continue
            for use in uses(value.text()):
                found = _judged(use, taint, value.span)
                if found is not None:
                    yield found


class _Finder:
    """Where expressions stand in the source: each is looked for after the one before."""

    def __init__(self, lines: list[str], span: Span) -> None:
        self.lines, self.span = lines, span
        self.line, self.column = span.start_line - 1, span.start_column - 1

    def find(self, text: str) -> Span:
        """The place of the next occurrence, or that of the whole text."""
        first = text.split("\n")[0]
        line, column = self.line, self.column
        while line < min(len(self.lines), self.span.end_line):
            at = self.lines[line].find(first, column)
            if at >= 0:
                self.line, self.column = line, at + len(first)
                return Span(line + 1, at + 1, line + 1, at + 1 + len(first))
            line, column = line + 1, 0
        return self.span


def _judged(use: Use, taint: _Taint, span: Span) -> Node | None:
    for context in use.contexts:
        source = taint.source(context)
        level = (
            "stranger"
            if source
            else "input"
            if is_input(context) and not context.startswith("inputs.")
            else "caller"
            if is_input(context)
            else ""
        )
        if level:
            values = {
                "text": Node(use.text, span),
                "source": Node(source or context, span),
                "level": Node(level, span),
                "via": Node(context if source and source != context else None, span),
            }
            return Node(values, span)
    return None


def _taint_env(env: Node | None, taint: _Taint) -> None:
    for name, value in (env or Node(None)).fields():
        for use in uses(value.text()):
            for context in use.contexts:
                source = taint.source(context)
                if source:
                    taint.contexts[f"env.{name.lower()}"] = source


def _taint_outputs(step: Node, local: _Taint, taint: _Taint) -> None:
    """What a step's outputs and its writes to GITHUB_ENV carry on."""
    identity = step.text("id").lower()
    script = step.text("run")
    for pattern in (_OUTPUT, _SET_OUTPUT):
        for match in pattern.finditer(script):
            source = _source_of_text(match[2], local)
            if not source:
                continue
            if pattern is _OUTPUT and match[3] == "ENV":
                taint.contexts[f"env.{match[1].lower()}"] = source
            elif identity:
                taint.contexts[f"steps.{identity}.outputs.{match[1].lower()}"] = source
    outputs = _TAINTED_OUTPUTS.get(step.text("uses").partition("@")[0].lower())
    if outputs and identity:
        names = (
            [outputs]
            if outputs != "*"
            else [
                "all_changed_files",
                "modified_files",
                "added_modified",
                "all",
                "added_files",
                "current_branch",
                "head_ref_branch",
                "all_modified_files",
                "files",
                "modified",
            ]
        )
        for name in names:
            taint.contexts[f"steps.{identity}.outputs.{name}"] = f"{step.text('uses').partition('@')[0]}"


def _source_of_text(text: str, local: _Taint) -> str:
    for use in uses(text):
        for context in use.contexts:
            if source := local.source(context):
                return source
    for name in re.findall(r"\$\{?([A-Za-z_]\w*)", text):
        if source := local.contexts.get(f"env.{name.lower()}", ""):
            return source
    return ""


def _action(used: Node) -> dict[str, Node]:
    """name, ref, pinned, local and official of what a step uses."""
    text = used.text()
    name, _, ref = text.partition("@")
    local = text.startswith(("./", "../"))
    docker = text.startswith("docker://")
    owner = name.partition("/")[0].lower()
    return {
        "name": Node(name, used.span),
        "ref": Node(ref or None, used.span),
        "pinned": Node(bool(_SHA.match(ref)) or (docker and "sha256:" in text), used.span),
        "branch": Node(ref in ("main", "master", "develop", "dev", "trunk", "latest", "HEAD"), used.span),
        "local": Node(local, used.span),
        "docker": Node(docker, used.span),
        "official": Node(owner in ("actions", "github"), used.span),
    }


def _self_hosted(runs_on: Node | None) -> bool | Unknown:
    if runs_on is None:
        return False
    nodes = [node for _, node in walk(runs_on) if isinstance(node.value, str)]
    if any(node.value == "self-hosted" for node in nodes):
        return True
    return UNKNOWN if any("${{" in str(node.value) for node in nodes) else False


def _publishes(names: list[str], on: Node) -> bool:
    push = on.get("push")
    return "release" in names or (push is not None and push.get("tags") is not None)


def _credentials(node: Node) -> Iterator[Node]:
    """Settings of a step or job that hold a credential in clear."""
    groups = [node.get("env"), node.get("with"), node.at("container.credentials"), node.at("container.env")]
    groups += [
        service.at(path)
        for _, service in (node.get("services") or Node(None)).fields()
        for path in ("credentials",)
    ]
    for group in groups:
        for name, value in (group or Node(None)).fields():
            if (
                isinstance(value.value, str)
                and "${{" not in value.value
                and is_secret_setting(name, value.value)
            ):
                guessable = Node(is_guessable(value.value), value.span)
                yield Node(
                    {"name": Node(name, value.span), "value": value, "guessable": guessable},
                    value.span,
                    value.key,
                )


def _checks_out_head(step: Node) -> bool:
    """Whether a step brings the code of a stranger's branch."""
    if step.text("uses").partition("@")[0].lower() == "actions/checkout":
        ref = step.at("with.ref")
        repository = step.at("with.repository")
        return any(_HEAD.search(node.text()) is not None for node in (ref, repository) if node is not None)
    text = step.text("run")
    if re.search(r"\bgh pr checkout\b", text):
        return True
    return re.search(r"\bgit (fetch|pull|checkout|clone|switch)\b", text) is not None and (
        re.search(
            r"\$\{\{[^}]*(pull_request\.head\.(ref|sha)|head_ref|workflow_run\.head_)|refs/pull/|pull/\$",
            text,
        )
        is not None
    )


def _unpacks_here(step: Node) -> bool:
    """Whether a step unpacks an artifact over the working folder."""
    path = step.at("with.path")
    return "download-artifact" in step.text("uses") and (
        path is None or path.text().strip("/") in (".", "./", "")
    )


def _is(node: Node, name: str) -> bool:
    child = node.get(name)
    return child is not None and child.value is True


def _plain(script: str) -> str:
    """The script with every expression as one shell variable of the same length and lines."""
    return re.sub(
        r"\$\{\{.*?\}\}", lambda match: "$" + re.sub(r"[^\n]", "_", match[0][1:]), script, flags=re.DOTALL
    )
