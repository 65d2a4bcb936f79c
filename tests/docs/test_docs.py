"""The docs site: built as strictly as `make docs` does, and saying what the code says."""

from __future__ import annotations

import fcntl
import html
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.vendors import BUILT_IN, VENDORS, make_adapter
from airflow_provider_seedance.get_provider_info import connection_fields
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator
from airflow_provider_seedance.operators.reconcile import SeedanceReconcileOperator
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

ROOT = Path(__file__).parents[2]
BUILT = "built"

# Building the site takes ten seconds of CPU time, which can be many minutes on a busy machine.
pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site, built once for all processes of the run."""
    base = tmp_path_factory.getbasetemp()
    out = (base if worker_id == "master" else base.parent) / "site"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(out)]
    with open(f"{out}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / BUILT).exists():
            built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
            assert built.returncode == 0, built.stderr
            (out / BUILT).touch()
    return out


def text(page: Path) -> str:
    """What a reader sees."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_s_page_names_every_route_and_model(vendor: str, site: Path) -> None:
    shown = text(site / "vendors" / f"{vendor}.html")
    adapter = make_adapter(vendor)
    for route in adapter.routes:
        assert all(word in shown for word in (route.title, route.source, *route.models)), route
    assert adapter.default_base_url in shown


def test_the_page_of_all_vendors_says_what_each_promises(site: Path) -> None:
    shown = text(site / "vendors" / "index.html")
    assert all(name in shown for name in VENDORS)
    assert "up to 500 a request" in shown
    assert "24 hours" in shown


def test_every_error_is_explained(site: Path) -> None:
    shown = text(site / "errors.html")
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.SeedanceError):
            assert name in shown


def test_every_setting_of_the_connection_is_explained(site: Path) -> None:
    shown = text(site / "configuration.html")
    assert all(name in shown for name in connection_fields(BUILT_IN))


@pytest.mark.parametrize(
    "described",
    [
        SeedanceCreateVideoOperator,
        SeedanceVideoSensor,
        SeedanceVideoToObjectStorageOperator,
        SeedanceUploadAssetOperator,
        SeedanceReconcileOperator,
        SeedanceHook,
    ],
)
def test_every_parameter_is_explained(described: type, site: Path) -> None:
    shown = text(site / "parameters.html")
    names = inspect.signature(described.__init__).parameters  # type: ignore[misc]
    assert [name for name in names if name not in ("self", "kwargs") and not re.search(rf"\b{name}\b", shown)] == []


def test_no_page_is_left_out_of_the_table_of_contents(site: Path) -> None:
    sources = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    assert {path for path in sources if not (site / path.with_suffix(".html")).exists()} == set()


def test_the_readme_points_to_pages_that_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.rst")])
CAPITALS = {"CGNAT", "DEBUG", "DELETE", "HTTPS", "SIGKILL", "SIGQUIT", "SIGTERM", "SOCKS", "WARNING"}
"""What is written in capitals for good; file names apart."""


def prose(page: str) -> str:
    """A page without its code and the targets of its links."""
    return re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("| a row |\nMILLION\n| x | LOOKMILLION |", ["MILLION", "LOOKMILLION"]),
        ("It takes TBD seconds. TODO: measure", ["TBD", "TODO"]),
        ("XXX of ???", ["XXX", "???"]),
        ("Lorem ipsum dolor", ["Lorem ipsum"]),
        ("`YOUR-KEY` and HTTP and [LICENSE](LICENSE), see AGENTS.md", []),
    ],
)
def test_a_placeholder_is_noticed(page: str, found: list[str]) -> None:
    assert placeholders(page) == found


def placeholders(page: str) -> list[str]:
    """Words that somebody meant to replace."""
    capitals = r"(?<!\[)\b[A-Z]{5,}\b(?!\.md)|\b(?:TODO|FIXME|TBD|XXX)\b|\?\?\?|(?i:lorem ipsum)"
    return [word for word in re.findall(capitals, prose(page)) if word not in CAPITALS]


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_has_a_placeholder_left(page: Path) -> None:
    assert placeholders(page.read_text(encoding="utf-8")) == []
