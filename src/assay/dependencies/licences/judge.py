"""Licences against a policy: allow, review, deny or unknown, by scope, with what decided; and conflicts with the project's own licence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from assay.dependencies.licences.expression import Licence, parse_expression
from assay.dependencies.policy import LicencePolicy, matches
from assay.model.component import Component, Origin


class Answer(Enum):
    """From best to worst; UNKNOWN is a state of its own, neither fine nor denied."""

    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policy says of a component, the licence as understood, and why."""

    answer: Answer
    licence: str
    reason: str


_ORDER = {Answer.ALLOW: 0, Answer.REVIEW: 1, Answer.DENY: 2}
# Licences whose code may not be joined with what stands behind: (ours, theirs, why). Globs over SPDX ids.
_CONFLICTS = (
    ("MIT", "GPL-*", "GPL code in a work makes the whole work GPL when it is passed on"),
    ("Apache-2.0", "GPL-2.0-only", "GPL-2.0 does not allow the patent terms of Apache-2.0"),
    ("Apache-2.0", "GPL-*", "GPL code in a work makes the whole work GPL when it is passed on"),
    ("BSD-*", "GPL-*", "GPL code in a work makes the whole work GPL when it is passed on"),
    ("ISC", "GPL-*", "GPL code in a work makes the whole work GPL when it is passed on"),
    ("MPL-2.0", "GPL-*", "GPL code in a work makes the whole work GPL when it is passed on"),
    ("LicenseRef-proprietary", "GPL-*", "GPL code may not be passed on inside of a closed work"),
    ("LicenseRef-proprietary", "AGPL-*", "AGPL code obliges to give the source to every user over a network"),
    ("GPL-2.0-only", "GPL-3.0-*", "code under GPL-2.0 only cannot be joined with GPL-3.0 code"),
    ("GPL-2.0-only", "Apache-2.0", "GPL-2.0 does not allow the patent terms of Apache-2.0"),
    ("GPL-3.0-*", "GPL-2.0-only", "code under GPL-2.0 only cannot be joined with GPL-3.0 code"),
    ("GPL-*", "CDDL-*", "the CDDL and the GPL each want the whole work"),
    ("*", "AGPL-*", "AGPL code obliges to give the source to every user over a network"),
)


def stated_licence(component: Component) -> str:
    """The component's licences as one expression; several statements are a choice, as Composer's and npm's lists mean it."""
    parsed = [str(found) for text in component.licences if (found := parse_expression(text)) is not None]
    if len(parsed) != len(component.licences) or not parsed:
        return ""
    return (
        parsed[0]
        if len(parsed) == 1
        else " OR ".join(f"({text})" if " " in text else text for text in parsed)
    )


def judge(component: Component, policy: LicencePolicy, installed: str = "") -> Judgement | None:
    """What the policy says; None where the component's scope is not looked at, or it is the project's own."""
    if component.scope.value not in policy.scopes or component.origin is Origin.WORKSPACE:
        return None
    for exception in policy.exceptions:
        if matches(exception.package, component):
            return Judgement(Answer.ALLOW, stated_licence(component), f"excepted: {exception.reason}")
    text = stated_licence(component) or installed
    expression = parse_expression(text) if text else None
    if expression is None:
        raw = ", ".join(component.licences)
        reason = f"{raw[:100]!r} is no licence expression" if raw else "no licence is stated"
        return Judgement(Answer.UNKNOWN, raw, reason)
    answer, reason = _evaluate(expression, policy)
    return Judgement(answer, str(expression), reason)


def conflict(own: str, theirs: str) -> str:
    """Why code under `theirs` cannot be joined with a work under `own`; empty where no conflict is known or a choice avoids it."""
    ours, other = parse_expression(own), parse_expression(theirs)
    if ours is None or other is None:
        return ""
    # Every licence that we offer must go with at least one that they offer.
    return next((reason for mine in _choices(ours) if (reason := _all_conflict(mine, _choices(other)))), "")


def _all_conflict(mine: frozenset[str], choices: list[frozenset[str]]) -> str:
    reasons = [_reason(mine, choice) for choice in choices]
    return reasons[0] if reasons and all(reasons) else ""


def _reason(mine: frozenset[str], theirs: frozenset[str]) -> str:
    for our_glob, their_glob, reason in _CONFLICTS:
        for own in mine:
            for other in theirs:
                if (
                    own != other
                    and fnmatchcase(own, our_glob)
                    and fnmatchcase(other, their_glob)
                    and not _same_family(own, other)
                ):
                    return reason
    return ""


def _same_family(own: str, other: str) -> bool:
    """An `-or-later` licence may be taken as a later one, and a family does not conflict with itself."""
    if own.startswith("AGPL-") and other.startswith("AGPL-"):
        return True
    return own.startswith("GPL-") and other.startswith("GPL-") and ("or-later" in own or "or-later" in other)


def _choices(expression: Licence) -> list[frozenset[str]]:
    """The sets of licences of which one must be taken (disjunctive normal form), at most 64."""
    if not expression.operator:
        return [frozenset({expression.id})]
    if expression.operator == "OR":
        return [choice for part in expression.parts for choice in _choices(part)][:64]
    found: list[frozenset[str]] = [frozenset()]
    for part in expression.parts:
        found = [left | right for left in found for right in _choices(part)][:64]
    return found


def _evaluate(expression: Licence, policy: LicencePolicy) -> tuple[Answer, str]:
    """OR takes the best part, AND the worst."""
    if not expression.operator:
        return _one(expression, policy)
    answers = [_evaluate(part, policy) for part in expression.parts]
    choose = min if expression.operator == "OR" else max
    return choose(answers, key=lambda item: _ORDER[item[0]])


def _one(licence: Licence, policy: LicencePolicy) -> tuple[Answer, str]:
    name = str(licence)
    for answer, patterns in (
        (Answer.DENY, policy.deny),
        (Answer.REVIEW, policy.review),
        (Answer.ALLOW, policy.allow),
    ):
        # A linking exception lifts a family's pattern unless the pattern names it.
        for pattern in patterns:
            if (not licence.exception or " WITH " in pattern) and fnmatchcase(name, pattern):
                return answer, f"{name} is on the list `{answer.value}` ({pattern})"
    if policy.allow:
        return Answer.REVIEW, f"{name} is not on the list `allow`"
    return Answer.ALLOW, f"{name} is on no list"
