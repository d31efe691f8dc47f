"""The errors that a user may meet. Every one says what happened, where, and what to do next.

AssayError
├── UsageError            the command line, a path or a value is wrong            exit 2
│   ├── ConfigError       assay.toml or another file of the user's does not load  exit 2
│   └── RuleError         a rule does not load or fails its own examples          exit 2
├── MissingExtraError     an optional package is not installed                    exit 2
├── TargetError           what should be scanned cannot be reached                exit 2
│   └── GitError          git is missing, or cannot do what was asked             exit 2
├── EngineError           an engine cannot do its work; the others go on          exit 3
└── ReportError           a report cannot be written                              exit 70
"""

from __future__ import annotations


class AssayError(Exception):
    """Something a user can act on: `message` is what happened and where, `advice` what to do next."""

    exit_code = 70

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n  {self.advice}" if self.advice else self.message


class UsageError(AssayError):
    """The command line, a path or a value is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A settings, policy, context or suppression file does not load."""


class RuleError(UsageError):
    """A rule does not load or fails its own examples."""


class MissingExtraError(AssayError):
    """An optional package is not installed; the advice is the install command."""

    exit_code = 2

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs an optional package", f"install it with: pip install 'assay[{extra}]'"
        )


class TargetError(AssayError):
    """What should be scanned cannot be reached."""

    exit_code = 2


class GitError(TargetError):
    """Git is missing, or cannot do what was asked."""


class EngineError(AssayError):
    """An engine cannot do its work; the others go on."""

    exit_code = 3


class ReportError(AssayError):
    """A report cannot be written."""
