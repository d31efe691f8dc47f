"""Which suppression comments an agent's commit added: they wait for a human."""

from __future__ import annotations

from collections.abc import Iterable

from assay.model.errors import GitError
from assay.scan.target.git import run
from assay.scan.target.repository import find_repository, without_filters
from assay.scan.triage.authors import is_agent_commit
from assay.scan.triage.inline import Mark

_MAX_MARKS = 500  # one question to git for each: beyond that a project has another problem
_UNCOMMITTED = "0" * 40


def agent_added(root: str, marks: Iterable[Mark]) -> frozenset[tuple[str, int]]:
    """(uri, line) of the comments whose line was last written by a commit that names an agent.

    Empty outside of git. A line that is not committed yet, or that git cannot blame, is not attributed: unknown is not an agent.
    """
    try:
        repository = find_repository(root)
    except GitError:
        return frozenset()
    filters = without_filters(repository)
    verdicts: dict[str, bool] = {}
    found: set[tuple[str, int]] = set()
    for mark in list(marks)[:_MAX_MARKS]:
        commit = _commit_of(root, filters, mark)
        if commit not in verdicts:
            verdicts[commit] = bool(commit) and _by_agent(root, commit)
        if verdicts[commit]:
            found.add((mark.uri, mark.line))
    return frozenset(found)


def _commit_of(root: str, filters: tuple[str, ...], mark: Mark) -> str:
    """The commit that last wrote the comment's line as it stands in the working tree, "" if there is none."""
    asked = ("blame", "--porcelain", "--no-textconv", "-L", f"{mark.line},{mark.line}", "--", mark.uri)
    try:
        first = run(root, *filters, *asked).split(b" ", 1)[0].decode("ascii", "replace")
    except GitError:
        return ""
    return "" if first.startswith(_UNCOMMITTED) else first


def _by_agent(root: str, commit: str) -> bool:
    try:
        shown = run(root, "show", "-s", "--no-show-signature", "--format=%an <%ae>%n%cn <%ce>%n%B", commit)
    except GitError:
        return False
    author, committer, message = (*shown.decode("utf-8", "replace").split("\n", 2), "", "")[:3]
    return is_agent_commit(message, (author, committer))
