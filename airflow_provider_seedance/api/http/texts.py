"""Makes foreign texts fit for logs, databases and people: one printable line, limited, without signatures of URLs."""

from __future__ import annotations

import html
import re
import unicodedata

LONGEST_LINE = 300
"""The most characters of a vendor's text."""

LONGEST_NAME = 200
"""The most characters of an id or a model's name."""

LONGEST_CODE = 100
"""The most characters of an error code."""

LONGEST_MESSAGE = 4000
"""The most characters of a whole exception: our own sentences and the vendor's words in them."""

LONGEST_URL = 8192

_READ_AT_MOST = 4000
"""The characters of a foreign text that are read at all. Later ones would not be quoted anyway."""

_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_ESCAPE = re.compile(r"\\+u([0-9a-f]{4})|\\+x([0-9a-f]{2})|\\+([/\"'])", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#x?[0-9a-f]{1,7}|amp|lt|gt|quot|apos|quest|equals|sol|colon|num);", re.IGNORECASE)

# The beginning of a query, also percent-encoded.
_MARK = r"(?:\?|%(?:25)*3f)"
_REST = r"[^\s\"'<>]*"
_USER = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@\"'<>?]*@", re.IGNORECASE)
_URL_QUERY = re.compile(
    r"((?:\b[a-z][a-z0-9+.-]*:)?//[^\s\"'<>?]+?"  # with a scheme, or with two slashes alone
    rf"|\b(?:[\w-]+\.)+[a-z][\w-]*(?::\d+)?/[^\s\"'<>?]*?){_MARK}(?!\(left out\)){_REST}",  # or host/path
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"\b((?:x-(?:amz|goog|tos|oss|cos|bce)-[\w-]+|[\w-]*(?:signature|credential|token|secret|api[_-]?key)|sig|policy"
    r"|key-pair-id|(?:aws|oss)accesskeyid|q-ak|q-sign[\w-]*)(?:=|%(?:25)*3d))(?!\(left out\))[^\s&\"'<>]+",
    re.IGNORECASE,
)
_DATA_URI = re.compile(r"data:[^\s\"'<>,]*;base64,[\w+/=%-]+", re.IGNORECASE)


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """The text as one line that every encoder, database and terminal takes.

    Line breaks become spaces; half a surrogate pair and control characters become the replacement character; invisible
    characters, and those that change the direction of reading, are left out.

    :param text: the text.
    :param most: the most characters to keep; a longer text ends in an ellipsis.
    """
    if len(text) <= most and text.isprintable():
        return text
    text = _TERMINAL.sub("", text[: 4 * most])
    if not text.isprintable():
        text = "".join(map(_printable, text))
    return text if len(text) <= most else f"{text[:most]}…"


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) == "Cf" else "\ufffd"


def clean(text: str, most: int = LONGEST_LINE) -> str:
    """A vendor's text, fit for logs: one line, limited, without signatures of URLs and without embedded media.

    :param text: the vendor's text.
    :param most: the most characters to keep.
    """
    text = without_signatures(unescaped(text[:_READ_AT_MOST]))
    return one_line(" ".join(text.split()), most)


def without_signatures(text: str) -> str:
    """Removes the parts of a text that give access: queries and users of URLs, signatures, embedded media."""
    if ":" in text:
        text = _USER.sub(r"\1", _DATA_URI.sub("data:(left out)", text))
    if "/" in text:
        text = _URL_QUERY.sub(r"\1?(left out)", text)
    if "=" in text or "%" in text:
        text = _SIGNATURE.sub(r"\1(left out)", text)
    return text


def unescaped(text: str) -> str:
    """The text with its escapes of JSON and HTML resolved, up to three layers of them."""
    for _ in range(3):
        before = text
        if "\\" in text:
            text = _ESCAPE.sub(_meant, text)
        if "&" in text:
            text = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
        if text == before:
            break
    return text


def _meant(escape: re.Match[str]) -> str:
    code = escape.group(1) or escape.group(2)
    return chr(int(code, 16)) if code else escape.group(3)
