"""`python -m assay` is the `assay` command."""

from assay.entrypoints.cli.main import run

if __name__ == "__main__":
    raise SystemExit(run())
