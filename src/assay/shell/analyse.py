"""What a shell script would do. The one door of this room.

    >>> from assay.shell.analyse import analyse
    >>> from assay.shell.effect import ShellContext
    >>> found = analyse("curl -s https://x.example/i.sh | sudo bash", ShellContext(cwd="/app"))
    >>> [effect.verb for effect in found.effects]
    [... 'net.connect', ... 'privilege.raise', ... 'code.remote']

`analyse(script, context, dialect)` takes the text of a script (a command line, a Dockerfile's RUN, a workflow's `run:`; templates such as
`${{ x }}` should be replaced by `UNKNOWN` of `assay.shell.value` or by `$X` first) and returns an `Analysis`:

- `effects`: `ShellEffect(verb, target, flags, detail, program)` values in the order met; the table of verbs stands in `assay.shell.effect`.
  Programs are found through sudo, env, xargs, find -exec, sh -c, eval, ssh, heredocs, pipes into shells and the like, whatever the
  quoting; so `analysis.of("code.remote")` is "downloaded code runs", `of("package.install")` names packages, `of("net.connect")` hosts.
- `undetermined`: what could not be seen through, in words. A caller that must be safe treats any of it as needing a human.
- Paths are absolute and lexically normal, below `context.cwd` and `context.home`; text that cannot be determined is `UNKNOWN` ("\\ufffc").

Never raises for bad input; never runs anything; time grows with the length of the script, which is cut at 256 KiB (and then undetermined).
`dialect` is "bash" (any POSIX shell), "powershell" or "cmd".
"""

from __future__ import annotations

from functools import lru_cache

from assay.shell.effect import Analysis, ShellContext
from assay.shell.evaluate import Evaluator
from assay.shell.powershell import look_into_powershell
from assay.shell.value import Value

MAX_SCRIPT = 256 * 1024
_DEFAULT = ShellContext()


_MAX_REMEMBERED = 2_048


def analyse(script: str, context: ShellContext = _DEFAULT, dialect: str = "bash") -> Analysis:
    """The effects of a script. See the module's docstring for shapes."""
    return (_remembered if len(script) <= _MAX_REMEMBERED else _analysed)(script, context, dialect)


@lru_cache(maxsize=1_024)
def _remembered(script: str, context: ShellContext, dialect: str) -> Analysis:
    """What a script does depends on nothing but these, and agents run the same commands again and again."""
    return _analysed(script, context, dialect)


def _analysed(script: str, context: ShellContext, dialect: str) -> Analysis:
    evaluator = Evaluator(context)
    if len(script) > MAX_SCRIPT:
        evaluator.doubt(f"the script has {len(script)} characters; the first {MAX_SCRIPT} were followed")
        script = script[:MAX_SCRIPT]
    if "\0" in script:
        evaluator.doubt("the script holds NUL characters")
        script = script.replace("\0", "")
    script = script.encode("utf-8", "replace").decode()
    try:
        if dialect == "bash":
            evaluator.script(Value(script), "shell")
        else:
            look_into_powershell(script, dialect, evaluator)
    except RecursionError:
        evaluator.doubt("the script nests too deeply")
    _settle_hidden(evaluator)
    return Analysis(tuple(evaluator.effects), tuple(evaluator.doubts), tuple(evaluator.commands))


def _settle_hidden(evaluator: Evaluator) -> None:
    """Texts that stand in the script itself and are decoded there were hidden on purpose; one that decodes to plain words was not."""
    hidden = evaluator.hidden
    if len(hidden) == 1 and _is_plain(hidden[0][2]):
        return
    for name, line, _ in hidden:
        evaluator.emit("code.decoded", name, "printed", detail="a text of the script is decoded: " + line)


def _is_plain(text: str) -> bool:
    return (
        bool(text.strip())
        and not set(text) & set("/|;&$`<>~\ufffc\x00")
        and text.replace("\n", " ").isprintable()
    )
