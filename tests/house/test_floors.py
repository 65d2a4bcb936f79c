"""The floors of the package: nothing is imported upwards, and nothing in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "airflow_provider_seedance"

FLOORS = (
    ("check",),
    ("decorators",),
    ("operators", "sensors", "transfers", "plugins"),
    ("links", "reconcile"),
    ("tasks",),
    ("triggers", "submissions", "landing"),
    ("polling",),
    ("ledger",),
    ("hooks",),
    ("compat",),
    ("exceptions", "get_provider_info", "retry_policy"),
    ("api",),
)
"""From the roof down: each may import what is below it. Rooms on one floor do not import each other."""

LOOSE = {"__init__", "get_provider_info", "exceptions", "retry_policy"}
"""The modules that may stand at the top of the package, in no folder."""

LONGEST = 350
"""Lines of a file."""

SHORTER = {f"api.{name}": 250 for name in ("client", "sync_client", "async_client", "polling_client")}
"""Lines of the files that may have fewer: a client only says what its calls are."""

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imported_by(path: Path) -> Iterator[str]:
    """The package's own modules that a file imports, wherever in the file; without the package's name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[2] for alias in node.names if alias.name.startswith(PACKAGE.name))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name):
            base = (node.module or "").partition(".")[2]
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                yield inner if inner in MODULES else base


def floor_of(module: str) -> int | None:
    room = module.partition(".")[0]
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_imported_upwards(module: str) -> None:
    own = floor_of(module)
    room = module.partition(".")[0]
    wrong = []
    for other in imported_by(MODULES[module]):
        floor = floor_of(other)
        if own is None or floor is None or other.partition(".")[0] == room:
            continue
        if floor <= own:
            wrong.append(other)
    assert not wrong, f"{module} imports {', '.join(wrong)}"


def test_the_api_knows_no_airflow_and_the_simulator_knows_neither() -> None:
    for module, path in MODULES.items():
        room = module.partition(".")[0]
        if room not in ("api", "simulator"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name == "airflow" or name.startswith("airflow.")], module
            if room == "simulator":
                own = [name for name in names if name.startswith(f"{PACKAGE.name}.")]
                assert all(name.startswith(f"{PACKAGE.name}.simulator") for name in own), module


def test_modules_do_not_import_each_other_in_a_circle_when_they_are_loaded() -> None:
    graph = {module: _loaded_with(path) for module, path in MODULES.items()}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module in done:
            return
        for other in graph.get(module, ()):
            visit(other, (*way, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def _loaded_with(path: Path) -> set[str]:
    """What is imported while the module itself is, without what stands in functions or is for type checkers only."""
    found: set[str] = set()
    waiting: list[ast.stmt] = list(ast.parse(path.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE.name}."):
            base = (node.module or "").partition(".")[2]
            inner = {f"{base}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or {base}
        elif isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.unparse(node.test):
                waiting += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            waiting += [*node.body, *(line for handler in node.handlers for line in handler.body)]
    return found


def test_few_modules_stand_loose_at_the_top() -> None:
    loose = {path.stem for path in PACKAGE.glob("*.py")}
    assert loose <= LOOSE, sorted(loose - LOOSE)


@pytest.mark.parametrize("module", MODULES)
def test_no_file_is_too_long_to_be_read_in_one_go(module: str) -> None:
    lines = len(MODULES[module].read_text().splitlines())
    assert lines <= SHORTER.get(module, LONGEST), f"{module} has {lines} lines"
