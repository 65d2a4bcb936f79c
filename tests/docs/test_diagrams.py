"""The diagrams are those that `dev/diagrams.py` draws, and every picture has words for whoever can't see it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from dev.diagrams import DIAGRAMS, IMAGES

DOCS = IMAGES.parent
README = DOCS.parent / "README.md"


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_is_as_it_is_drawn(name: str) -> None:
    kept = (IMAGES / name).read_text(encoding="utf-8")
    assert kept == DIAGRAMS[name](), "`python -m dev.diagrams` draws them anew"
    assert ElementTree.fromstring(kept).get("aria-label")


@pytest.mark.parametrize("page", [README, *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_every_picture_is_there_and_has_words(page: object) -> None:
    assert isinstance(page, type(README))
    for words, target in re.findall(r"!\[(.*?)\]\((.*?)\)", page.read_text(encoding="utf-8"), re.DOTALL):
        assert len(words) > 10, target
        assert (page.parent / target).is_file(), target
