"""What the three dependency engines share: the files that they read, and one look for each of them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from assay.dependencies.survey import Survey, take_survey
from assay.model.finding import Finding
from assay.model.scan import FileStatus, Notification
from assay.scan.engines.protocol import Look, Project


def survey_of(project: Project) -> tuple[Survey, dict[str, str]]:
    """The survey over every file that the engine wants, and uri -> reason for those that could not be read."""
    targets = {file.uri: file for file in project.files()}
    unread: dict[str, str] = {}

    def files() -> Iterator[tuple[str, bytes, str]]:
        for uri, target in targets.items():
            try:
                source = project.read(target)
            except OSError as error:
                unread[uri] = str(error) or "unreadable"
                continue
            yield uri, source.content, source.language

    def sibling(uri: str) -> bytes | None:
        target = targets.get(posixpath.normpath(uri))
        if target is None:
            return None
        try:
            return project.read(target).content
        except OSError:
            return None

    return take_survey(files(), sibling), unread


def looks(
    project: Project,
    engine: str,
    survey: Survey,
    unread: dict[str, str],
    findings: Iterable[Finding],
    notes: Iterable[Notification] = (),
    doubt: str = "",
) -> Iterator[Look]:  # the engine's name and what it found, joined with what every engine must account for
    """One look for each file: its findings, PARTIAL with what was not understood in it, FAILED where nothing was read.

    `doubt`, where given, is why silence about a manifest says too little: each of them is then PARTIAL.
    """
    by_uri: dict[str, list[Finding]] = {}
    for finding in findings:
        by_uri.setdefault(finding.location.uri, []).append(finding)
    remarks: dict[str, list[Notification]] = {}
    for note in notes:
        remarks.setdefault(note.uri, []).append(note)
    manifests = {manifest.uri: manifest for manifest in survey.inventory.manifests}
    general = remarks.pop("", [])
    for file in project.files():
        status, reason, messages = FileStatus.SCANNED, "", []
        manifest = manifests.get(file.uri)
        if file.uri in unread:
            reason = unread[file.uri]
            status = FileStatus.SKIPPED if reason == "binary" else FileStatus.FAILED
        elif file.uri in survey.broken:
            status, reason, messages = FileStatus.FAILED, "not-understood", [survey.broken[file.uri]]
        elif manifest is not None and manifest.parsed.problems:
            status = FileStatus.FAILED if manifest.failed else FileStatus.PARTIAL
            reason = "not-understood"
            messages = [
                f"line {p.line}: {p.message}" if p.line else p.message for p in manifest.parsed.problems[:20]
            ]
        elif manifest is not None and doubt:
            status, reason = FileStatus.PARTIAL, doubt
        notifications = [Notification("warning", message, engine, file.uri) for message in messages]
        notifications += remarks.get(file.uri, []) + general
        general = []
        yield Look(file.uri, tuple(by_uri.pop(file.uri, ())), status, reason, tuple(notifications))
    # A finding in an included file that the walk did not hand out still has its place.
    for uri, rest in by_uri.items():
        yield Look(uri, tuple(rest))
