"""What a vendor is stands in its own folders: shared code names no vendor, but for what is written down here."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from airflow_provider_seedance.api.vendors import BUILT_IN

PACKAGE = Path(__file__).parent.parent.parent / "airflow_provider_seedance"

TITLES = {vendor.title.casefold() for vendor in BUILT_IN.values()} | {"ark", "gmi", "jimmy"}
NAMES = re.compile(
    rf"(?<![a-z])({'|'.join(sorted(map(re.escape, TITLES | set(BUILT_IN)), key=len, reverse=True))})(?![a-z])",
    re.IGNORECASE,
)

IN_CODE = {
    "get_provider_info.py": "the form's example, which vendor is the first party, and a link to documents",
    "simulator/__main__.py": "the connection that it prints as an example",
    "simulator/pytest_plugin.py": "`seedance_default` has to lead somewhere",
    "simulator/simulator.py": "the setting `gmi_cancel`, which users know by this name",
    "simulator/state.py": "the same setting",
}
"""Shared files whose code names a vendor, and why it does."""

_AN_EXAMPLE = "what a field, a bound or a caution is good for, by the vendor that shows it best"
_A_SETTING = "a setting of the simulator for what one vendor leaves open"

IN_WORDS = {
    **dict.fromkeys(("api/calls.py", "api/cancellation.py", "api/sync_client.py", "api/http/intake.py"), _AN_EXAMPLE),
    **dict.fromkeys(("api/models.py", "api/polling_client.py", "api/pricing.py", "check/asking.py"), _AN_EXAMPLE),
    **dict.fromkeys(("api/vendors/billed.py", "api/vendors/refusals.py", "api/vendors/rules.py"), _AN_EXAMPLE),
    **dict.fromkeys(("hooks/seedance.py", "operators/assets.py", "operators/seedance.py"), _AN_EXAMPLE),
    **dict.fromkeys(("tasks/results.py", "api/url_signatures.py"), _AN_EXAMPLE),
    **dict.fromkeys(("simulator/__init__.py", "simulator/faults.py", "simulator/simulator.py"), _A_SETTING),
    **dict.fromkeys(("simulator/videos.py", "simulator/pytest_plugin.py"), _A_SETTING),
}
"""Shared files whose comments and docstrings name a vendor, and why they do: no list of who can what is among them."""


def shared_files() -> Iterator[tuple[str, Path]]:
    """All that is in no vendor's folder."""
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")]):
        inner = path.relative_to(PACKAGE)
        if not re.match(r"(api|simulator)/vendors/\w+/", inner.as_posix()):
            yield inner.as_posix(), path


def named_in(path: Path) -> tuple[set[str], set[str]]:
    """The vendors that a file names in its code, and those that only its comments and docstrings name."""
    text = path.read_text()
    if path.suffix != ".py":
        return {found.casefold() for found in NAMES.findall(text)}, set()
    code: set[str] = set()
    words: set[str] = set()
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            continue
        is_docstring = token.type == tokenize.STRING and before in (tokenize.NEWLINE, tokenize.ENCODING)
        found = {name.casefold() for name in NAMES.findall(token.string)}
        (words if is_docstring or token.type == tokenize.COMMENT else code).update(found)
        if token.type != tokenize.COMMENT:
            before = token.type
    return code, words


def test_no_shared_code_names_a_vendor() -> None:
    naming = {name: found for name, path in shared_files() if (found := named_in(path)[0])}
    assert naming.keys() == IN_CODE.keys(), naming


def test_no_more_comments_name_a_vendor_than_are_written_down() -> None:
    naming = {name: found for name, path in shared_files() if (found := named_in(path)[1])}
    assert not naming.keys() - IN_WORDS.keys(), naming


def test_all_reasons_are_of_files_that_are_there() -> None:
    there = {name for name, _ in shared_files()}
    assert {*IN_CODE, *IN_WORDS} <= there


def test_no_shared_code_imports_a_vendor_s_folder() -> None:
    wrong = [
        f"{name}: {found}"
        for name, path in shared_files()
        for found in re.findall(r"(?:api|simulator)\.vendors\.(\w+)", path.read_text())
        if (PACKAGE / "api" / "vendors" / found).is_dir()
    ]
    assert not wrong


def test_a_name_in_code_is_told_from_one_in_a_comment(tmp_path: Path) -> None:
    file = tmp_path / "shared.py"
    lines = (
        '"""About Ark."""',
        "# fal",
        'is_fal = vendor == "runware"  # replicate',
        "def f():",
        '    """Modellix."""',
    )
    file.write_text("\n".join(lines))
    assert named_in(file) == ({"fal", "runware"}, {"ark", "fal", "replicate", "modellix"})
