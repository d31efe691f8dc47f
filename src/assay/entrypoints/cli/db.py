"""`assay db update|status|import|export|verify`: the advisory store."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from assay.dependencies.advisories.store import Store, StoreStatus, default_path
from assay.model.errors import ConfigError, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "--store", metavar="FILE", help="the store (default: $ASSAY_DATA or the user's data folder)"
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    update = verbs.add_parser(
        "update",
        help="fetch what changed and put a new store in place; the only command that asks the network",
    )
    update.add_argument("--osv-url", metavar="URL", help="base of OSV's export: URL/<Ecosystem>/all.zip")
    update.add_argument("--kev-url", metavar="URL", help="CISA's catalogue; empty leaves it out")
    update.add_argument("--epss-url", metavar="URL", help="FIRST's daily scores; empty leaves them out")
    update.add_argument(
        "--names-url",
        action="append",
        default=[],
        metavar="ECOSYSTEM=URL",
        help="a list of well-known names, most used first; may be repeated; empty leaves them out",
    )
    update.add_argument(
        "--ecosystem", action="append", default=[], metavar="NAME", help="only this one; may be repeated"
    )
    update.add_argument("--max-bytes", type=int, default=4 * 1024**3, help="the largest download")
    update.add_argument("--quiet", action="store_true")
    status = verbs.add_parser("status", help="what the store holds and how old it is")
    status.add_argument("--json", action="store_true")
    status.add_argument(
        "--max-age-days", type=float, help="exit 3 if it is older, or only the built-in starter set"
    )
    verbs.add_parser("verify", help="check the store's content against the digest that it was built with")
    export = verbs.add_parser("export", help="a signed snapshot for machines without network")
    export.add_argument("file")
    export.add_argument("--key", required=True, metavar="PEM", help="Ed25519 private key")
    take = verbs.add_parser("import", help="put a signed snapshot in the place of the store")
    take.add_argument("file")
    take.add_argument(
        "--public-key", required=True, metavar="PEM", help="Ed25519 public key of whoever exported it"
    )
    take.add_argument("--allow-older", action="store_true", help="also if the present store is newer")


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    verbs: dict[str, Callable[[argparse.Namespace, Path], int]] = {
        "update": _update,
        "status": _status,
        "verify": _verify,
        "export": _export,
        "import": _import,
    }
    return verbs[args.verb](args, Path(args.store) if args.store else default_path())


def _update(args: argparse.Namespace, path: Path) -> int:
    from assay.dependencies.advisories.update import Plan, update

    defaults = Plan()
    names = []
    for pair in args.names_url:
        if not pair:
            continue
        ecosystem, equals, url = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair!r} is not ECOSYSTEM=URL")
        names.append((ecosystem, url))
    plan = Plan(
        osv=defaults.osv if args.osv_url is None else args.osv_url,
        ecosystems=tuple(args.ecosystem) or defaults.ecosystems,
        kev=defaults.kev if args.kev_url is None else args.kev_url,
        epss=defaults.epss if args.epss_url is None else args.epss_url,
        names=tuple(names) if args.names_url else defaults.names,
        max_bytes=args.max_bytes,
    )
    bar = _Bar(quiet=args.quiet)
    outcome = update(path, plan, bar)
    bar.end()
    for source, reason in outcome.failed:
        sys.stderr.write(f"assay: {source} was not renewed: {reason}\n")
    renewed = f"{len(outcome.renewed)} sources renewed" if outcome.renewed else "nothing was newer"
    _say(f"{renewed}; {_summary(outcome.status)}")
    return 3 if outcome.failed else 0


class _Bar:
    """One line on a terminal, nothing elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self.shown = not quiet and sys.stderr.isatty()
        self.last = ""

    def __call__(self, name: str, received: int, total: int) -> None:
        """Show how far one file is."""
        share = f"{received * 100 // total:3d} %" if total else f"{received >> 10} KiB"
        line = f"{name}: {share}"
        if self.shown and line != self.last:
            sys.stderr.write(f"\r\x1b[K{line}")
            self.last = line

    def end(self) -> None:
        """Clear the line."""
        if self.shown and self.last:
            sys.stderr.write("\r\x1b[K")


def _status(args: argparse.Namespace, path: Path) -> int:
    status = _read_status(path)
    age = status.age_days(datetime.now(UTC))
    if args.json:
        document = {
            "path": status.path, "kind": status.kind, "created": status.created, "age_days": round(age, 2), "advisories": status.advisories,
            "coverage": status.coverage, "kev": status.kev, "epss": status.epss, "names": status.names,
        }  # fmt: skip
        _say(json.dumps(document, indent=2))
    else:
        _say(f"{status.path}: {_summary(status)}, {age:.1f} days old")
        for ecosystem, count in sorted(status.coverage.items()):
            _say(f"  {ecosystem:16} {count:7d}")
        if status.kind == "starter":
            _say("this is the built-in starter set: run `assay db update` for everything")
    too_old = args.max_age_days is not None and (age > args.max_age_days or status.kind == "starter")
    return 3 if too_old else 0


def _read_status(path: Path) -> StoreStatus:
    if not path.exists():
        from assay.dependencies.advisories.starter import Starter

        return Starter().status()
    with closing(Store(path)) as store:
        return store.status()


def _verify(_: argparse.Namespace, path: Path) -> int:
    if not path.exists():
        raise ConfigError(f"there is no store at {path}", "run `assay db update`")
    with closing(Store(path)) as store:
        sound = store.verify()
    _say(f"{path}: {'as it was built' if sound else 'DAMAGED: run `assay db update` to build it anew'}")
    return 0 if sound else 1


def _export(args: argparse.Namespace, path: Path) -> int:
    from assay.dependencies.advisories.snapshot import export

    if not path.exists():
        raise ConfigError(f"there is no store at {path}", "run `assay db update` first")
    statement = export(path, Path(args.file), _read_key(args.key))
    _say(
        f"{args.file}: {statement['advisories']} advisories of {statement['created']}, signed by key {statement['key']}"
    )
    return 0


def _import(args: argparse.Namespace, path: Path) -> int:
    from assay.dependencies.advisories.snapshot import import_snapshot

    status = import_snapshot(Path(args.file), path, _read_key(args.public_key), args.allow_older)
    _say(f"{path}: {_summary(status)}")
    return 0


def _read_key(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _summary(status: StoreStatus) -> str:
    return (
        f"{status.advisories} advisories, {status.kev} known to be exploited, {status.epss} EPSS scores, "
        f"{status.names} package names, of {status.created[:10] or 'unknown date'}"
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
