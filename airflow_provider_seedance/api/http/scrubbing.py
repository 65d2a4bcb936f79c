"""Removes secrets from a vendor's texts: the key, the prompt, signatures of media URLs.

In a refusal, vendors quote the request: whole or cut, in other letters, escaped in one way or another. So only letters
and digits are compared, and every stretch that a text shares with a secret is removed.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

RUN = 8
"""So many consecutive letters and digits, shared with a secret, are no coincidence."""

LONG_WORD = 16
"""Within one word of the prompt, a shared stretch may be longer: many prompts and refusals contain `information`."""

WIDE_RUN = 4
"""The counterpart of `RUN` for Chinese, Japanese and Korean, where four characters are a phrase."""

_SHORTEST = 3
_READ_AT_MOST = 4000
_MOST_OF_A_SECRET = 20_000
_DEEPEST = 8
_WIDE = "\u2e80"

_PIECE = re.compile(
    r"(?-i:([0-9A-Za-z]+))|\\+u([0-9a-f]{4})|\\+x([0-9a-f]{2})|((?:%(?:25)*[0-9a-f]{2})+)"
    r"|(&(?:#x?[0-9a-f]{1,7}|[a-z]{2,8});)|\\+[nrtbf]|.",
    re.IGNORECASE | re.DOTALL,
)
_DOUBLY = re.compile(r"%(?:25)+(?=[0-9a-f]{2})", re.IGNORECASE)
_PROMPT_KEYS = frozenset(("prompt", "positivePrompt", "text", "negative_prompt"))


@dataclass(frozen=True)
class _Letters:
    """The letters and digits of a text, in the form in which texts are compared.

    :param text: one character for each of them.
    :param starts: their positions in the text, each including its escape.
    :param ends: where they end there.
    :param begin_words: which of them are the first letter of a word.
    """

    text: str
    starts: list[int]
    ends: list[int]
    begin_words: list[bool]

    @cached_property
    def runs(self) -> set[str]:
        """Every `RUN` of them, wherever it begins."""
        return {self.text[start : start + RUN] for start in range(len(self.text) - RUN + 1)}

    @cached_property
    def are_wide(self) -> bool:
        """Whether any of them is Chinese, Japanese or Korean."""
        return max(self.text, default="") >= _WIDE


def _letters(text: str) -> _Letters:
    found, starts, ends, begin_words = list[str](), list[int](), list[int](), list[bool]()
    begins_word = True
    for match in _PIECE.finditer(text):
        start, end = match.span()
        if match.lastindex == 1:  # nothing but plain letters, which most of a text is: all at once
            found.append(match.group().lower())
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            begin_words.append(begins_word)
            begin_words.extend([False] * (end - start - 1))
            begins_word = False
            continue
        for character in unicodedata.normalize("NFKD", _meant(match)).casefold():
            if character.isalnum():
                found.append(character)
                starts.append(start)
                ends.append(end)
                begin_words.append(begins_word)
                begins_word = False
            elif not unicodedata.combining(character):
                begins_word = True
    return _Letters("".join(found), starts, ends, begin_words)


def _meant(match: re.Match[str]) -> str:
    code, percent, entity = match.group(2) or match.group(3), match.group(4), match.group(5)
    if code:
        return chr(int(code, 16))
    if percent:
        return unquote(_DOUBLY.sub("%", percent))
    if entity:
        return html.unescape(entity)
    return match.group() if len(match.group()) == 1 else " "


class _Secret:
    """A text that must not be shown.

    :param text: the secret.
    :param label: replaces it.
    :param is_prose: whether it consists of common words, any of which alone reveals nothing.
    """

    def __init__(self, text: str, label: str, *, is_prose: bool) -> None:
        self.label = label
        letters = _letters(text[:_MOST_OF_A_SECRET])
        self.whole = letters.text
        self._is_wide = letters.are_wide
        self._runs: dict[str, bool] = {}
        """Each run of letters, and whether it is telling by itself."""
        for size in (RUN, WIDE_RUN) if self._is_wide else (RUN,):
            for start in range(len(self.whole) - size + 1):
                run = self.whole[start : start + size]
                if size == RUN or min(run) >= _WIDE:
                    tells = not is_prose or size == WIDE_RUN
                    tells = tells or any(letters.begin_words[start + 1 : start + size])
                    self._runs[run] = self._runs.get(run, False) or tells

    def found_in(self, letters: _Letters) -> Iterator[tuple[int, int]]:
        """The places at which it occurs, as first and last letter."""
        if len(self.whole) < LONG_WORD:
            yield from self._whole_in(letters)
        if (self._is_wide and letters.are_wide) or not self._runs.keys().isdisjoint(letters.runs):
            yield from self._runs_in(letters.text)

    def _runs_in(self, text: str) -> Iterator[tuple[int, int]]:
        start = end = -1
        tells = False
        for at in range(len(text)):
            for size in (RUN, WIDE_RUN):
                told = self._runs.get(text[at : at + size]) if at + size <= len(text) else None
                if told is None:
                    continue
                if at > end:
                    if tells:
                        yield start, end
                    start, tells = at, False
                end = max(end, at + size)
                tells = tells or told or end - start >= LONG_WORD
        if tells:
            yield start, end

    def _whole_in(self, letters: _Letters) -> Iterator[tuple[int, int]]:
        """The places of a short secret as whole words: `rain` is not found in `training`."""
        size = len(self.whole)
        if size < _SHORTEST:
            return
        begins = letters.begin_words
        at = letters.text.find(self.whole)
        while at >= 0:
            after = at + size
            if begins[at] and (after == len(begins) or begins[after]):
                yield at, after
            at = letters.text.find(self.whole, at + 1)


class Scrubber:
    """Removes secrets from texts. It costs next to nothing until it gets a text.

    :param key: the API key.
    :param prompt: of the request.
    :param sent: the request's body, whose other texts and queries of URLs are secret as well.
    :param echo: an answer that may repeat the request.
    """

    def __init__(
        self,
        key: str = "",
        prompt: str = "",
        sent: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        echo: Mapping[str, Any] | None = None,
    ) -> None:
        self._key = key
        self._prompt = prompt
        self._sent = sent
        self._echo = echo

    def __call__(self, text: str) -> str:
        """Returns the text without the stretches that it shares with a secret; a very long text is cut."""
        text = text[:_READ_AT_MOST]
        letters = _letters(text)
        for secret in self._secrets:
            found = list(_joined(secret.found_in(letters)))
            for first, after in reversed(found):
                text = f"{text[: letters.starts[first]]}{secret.label}{text[letters.ends[after - 1] :]}"
            if found:
                letters = _letters(text)
        return text

    @cached_property
    def _secrets(self) -> list[_Secret]:
        prose: dict[str, None] = {self._prompt: None}
        queries: dict[str, None] = {}
        for name, text in _texts(self._sent):
            if text.startswith("data:"):
                continue
            if "://" in text:
                queries[text.partition("?")[2]] = None
            elif name in _PROMPT_KEYS or len(text.split()) > 2:
                prose[text] = None
        prose |= dict.fromkeys(text for name, text in _texts(self._echo) if name in _PROMPT_KEYS)
        found = [_Secret(self._key, "(API key)", is_prose=False)]
        found += [_Secret(text, "(left out)", is_prose=False) for text in queries]
        found += [_Secret(text, "(prompt)", is_prose=True) for text in prose]
        return [secret for secret in found if secret.whole]


def _texts(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every text of a JSON value, with its key."""
    if isinstance(value, str):
        yield name, value
    elif depth < _DEEPEST and isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, str(key), depth + 1)
    elif depth < _DEEPEST and isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, name, depth + 1)


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans in order, with overlapping ones joined."""
    start = end = -1
    for first, after in sorted(spans):
        if first > end:
            if end >= 0:
                yield start, end
            start, end = first, after
        end = max(end, after)
    if end >= 0:
        yield start, end
