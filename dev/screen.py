"""Progress on a terminal (one picture, drawn anew) or in a log (a line for each change)."""

import shutil
import sys
import time
from collections.abc import Mapping
from typing import TextIO


class Screen:
    """Shows named lines that change.

    :param out: where to; what isn't a terminal gets plain lines
    """

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self.live = out.isatty()
        self._started = time.monotonic()
        self._shown: dict[str, str] = {}
        self._drawn = 0

    def show(self, lines: Mapping[str, str]) -> None:
        """Show the lines; in a log only those that are new or have changed."""
        seconds = time.monotonic() - self._started
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            picture = [f"{seconds:6.1f} s", *lines.values()]
            up = f"\x1b[{self._drawn}F" if self._drawn else ""
            self._out.write(up + "".join(f"\x1b[2K{line[:width]}\n" for line in picture))
            self._drawn = len(picture)
        else:
            changed = [line for name, line in lines.items() if self._shown.get(name) != line]
            self._out.write("".join(f"{seconds:6.1f} s  {line}\n" for line in changed))
        self._shown = dict(lines)
        self._out.flush()


def table(header: list[str], rows: list[list[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    cells = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in cells)
