"""What a script would do, as values. No judgement: which of these are bad is a policy's business.

Verbs, with the meaning of `target` and `detail`:

| verb | target | detail | flags |
| --- | --- | --- | --- |
| shell.exec | program | the command line | assigned, remote, background |
| file.read, file.write, file.delete, file.mode | absolute path, may hold globs | | recursive, force, append, setuid, world, mention, glob |
| file.link | the link | what it points to | |
| net.connect | host | the URL, or host:port | upload, download, authenticated, insecure, socket |
| net.listen | port or socket | | shell |
| net.resolve | name | | computed |
| net.proxy | what was switched off or forced | | |
| data.send | host | what goes out: `file:<path>`, `text`, `env`, `output of <program>` | |
| code.run | a file that is run | how | |
| code.remote | interpreter | where the code comes from | |
| code.decoded | interpreter or empty | how it was hidden | run, printed |
| code.dynamic | what cannot be determined | | |
| shell.reverse | host, or empty | | bind |
| env.expose | variable or `*` | | |
| env.set, env.unset | variable | value | |
| package.install | `<ecosystem>:<name>` | version or source | global, url, git, upgrade |
| package.publish, package.remove | `<ecosystem>:<name>` | | |
| git.push | branch, or `*` | remote | force, delete, mirror, tags, no-verify |
| git.commit | | | amend, no-verify |
| git.discard | what is lost | | |
| git.rewrite | what is rewritten | | |
| git.config | key | value | global |
| git.remote | remote | url | |
| privilege.raise | user | the program | |
| privilege.grant | what is granted | | |
| persist.schedule | what is scheduled | | |
| system.change | what is changed | | |
| system.destroy | what is destroyed | | |
| system.capture | what is recorded | | |
| system.inspect | what is looked at | | |
| guard.disable | which guard | | |
| history.clear | what is cleared | | |
| secret.read | the store | the command | |
| cloud.change, cloud.read | tool | the command | production |
| database.change | statement | the database | destructive, production |
| deploy.run | tool | the command | |
| remote.exec | host | the command | |
| container.change, container.remove | what | | data, force |
| container.run | image | | privileged, host |
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec


class ShellEffect(msgspec.Struct, frozen=True, gc=False):
    """One thing that a script would do. See the table above. `program` caused it."""

    verb: str
    target: str = ""
    flags: frozenset[str] = frozenset()
    detail: str = ""
    program: str = ""


@dataclass(frozen=True, slots=True)
class ShellContext:
    """Where the script would run: absolute current directory and home, the user, and variables whose values are known."""

    cwd: str = "/"
    home: str = "/root"
    user: str = "root"
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """The effects in the order met, each once. `undetermined` says what could not be seen through; empty means all of it was."""

    effects: tuple[ShellEffect, ...]
    undetermined: tuple[str, ...] = ()
    commands: tuple[str, ...] = field(default=())

    def of(self, *verbs: str) -> tuple[ShellEffect, ...]:
        """The effects with one of these verbs, or below one that ends in a dot (`file.`)."""
        return tuple(
            effect
            for effect in self.effects
            if any(
                effect.verb == verb or (verb.endswith(".") and effect.verb.startswith(verb)) for verb in verbs
            )
        )
