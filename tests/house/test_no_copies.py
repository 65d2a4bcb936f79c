"""Videos and assets have no code twice: what holds for both stands in the middle, once."""

from __future__ import annotations

import ast
from itertools import product
from pathlib import Path

from .test_floors import MODULES

BLOCK = 6
"""As many equal lines in a row are a copy."""

ASSETS = [module for module in MODULES if "asset" in module or "upload" in module]
"""The modules about reference media; all others may be about videos."""


def lines_of(path: Path) -> list[str]:
    """The code of a file: without blank lines, comments and imports, which are no copies of each other."""
    text = path.read_text()
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    left_out = {line for node in imports for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    lines = [" ".join(line.split()) for number, line in enumerate(text.splitlines(), 1) if number not in left_out]
    return [line for line in lines if line and not line.startswith("#")]


def blocks_of(path: Path) -> set[tuple[str, ...]]:
    lines = lines_of(path)
    return {tuple(lines[start : start + BLOCK]) for start in range(len(lines) - BLOCK + 1)}


def test_no_block_of_six_lines_is_shared_by_video_and_asset_code() -> None:
    blocks = {module: blocks_of(path) for module, path in MODULES.items() if not module.startswith("simulator")}
    assets = [module for module in ASSETS if module in blocks]
    videos = [module for module in blocks if module not in assets]
    assert assets
    copies = [
        (one, other, " / ".join(block))
        for one, other in product(assets, videos)
        for block in sorted(blocks[one] & blocks[other])
    ]
    assert copies == []
