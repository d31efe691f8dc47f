"""Where something is, in SARIF's words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """A range of text: lines and columns from 1, columns in Unicode code points, end_column one past the last."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int

    def __post_init__(self) -> None:
        # INVARIANT: a region is never empty backwards; exporters rely on it.
        if (
            self.start_line < 1
            or self.start_column < 1
            or (self.end_line, self.end_column)
            < (
                self.start_line,
                self.start_column,
            )
        ):
            raise ValueError(
                f"not a region: {self.start_line}:{self.start_column}-{self.end_line}:{self.end_column}"
            )


@dataclass(frozen=True, slots=True)
class Location:
    """A region of one file.

    `uri` is the path from the scan's root with `/`, valid Unicode (bytes that are not UTF-8 appear as %XX);
    `message` says what this place means for the finding, if anything; `snippet` is the text of the region's lines
    with every secret masked, at most a few lines, or empty.
    """

    uri: str
    region: Region
    message: str = ""
    snippet: str = ""
