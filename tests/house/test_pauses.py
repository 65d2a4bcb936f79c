"""Pauses are handed in where the package takes them: no test replaces one inside a module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent.parent
PACKAGE = "airflow_provider_seedance"

OFFERED = {"pause", "pause_async", "pauses", "sleep", "longest_pause", "look_ups"}
"""The attributes of classes by which the package takes other pauses."""

IS_PAUSE = re.compile(r"wait_(exp|fixed|random)|sleep|pause|delay|backoff", re.IGNORECASE)


def replaced_in(path: Path) -> Iterator[tuple[Any, str]]:
    """What a file replaces of the package: the module or class, and the attribute's name."""
    tree = ast.parse(path.read_text())
    known: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and len(node.args) >= 2):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        target, attribute = node.args[0], node.args[1]
        if name not in ("setattr", "object", "patch"):
            continue
        if isinstance(target, ast.Constant) and str(target.value).startswith(PACKAGE):
            owner, _, last = str(target.value).rpartition(".")
            yield owner, last
        elif isinstance(attribute, ast.Constant):
            named = ast.unparse(target)
            first, _, rest = named.partition(".")
            if first in known:
                yield ".".join(filter(None, (known[first], rest))), str(attribute.value)


def is_class(dotted: str) -> bool:
    """Whether a dotted name leads to a class; modules, and what stands in them, are none."""
    parts = dotted.split(".")
    for size in range(len(parts), 0, -1):
        try:
            thing: Any = import_module(".".join(parts[:size]))
        except ImportError:
            continue
        for part in parts[size:]:
            thing = getattr(thing, part)
        return isinstance(thing, type) and not isinstance(thing, ModuleType)
    return False


def patched_pauses(paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        for owner, name in replaced_in(path):
            if IS_PAUSE.search(name) and not (name in OFFERED and is_class(owner)):
                found.append(f"{path.name}: {owner.removeprefix(PACKAGE)}.{name}")
    return found


def test_no_test_patches_a_pause_in_a_module_of_ours() -> None:
    paths = [path for top in ("tests", "dev", "benchmarks") for path in sorted((ROOT / top).rglob("*.py"))]
    assert len(paths) > 100
    assert patched_pauses(paths) == []


def test_a_patched_pause_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "test_hasty.py"
    module.write_text(
        "from airflow_provider_seedance.api.http import retries\n"
        "from airflow_provider_seedance.hooks.seedance import SeedanceHook\n"
        "monkeypatch.setattr(retries, 'wait_exponential_jitter', None)\n"
        "monkeypatch.setattr('airflow_provider_seedance.api.waiting.sleep', None)\n"
        "monkeypatch.setattr('airflow_provider_seedance.api.waiting.sleep', None, raising=False)\n"
        "monkeypatch.setattr(SeedanceHook, 'pause', None)\n"
    )
    assert patched_pauses([module]) == [
        "test_hasty.py: .api.http.retries.wait_exponential_jitter",
        "test_hasty.py: .api.waiting.sleep",
        "test_hasty.py: .api.waiting.sleep",
    ]
