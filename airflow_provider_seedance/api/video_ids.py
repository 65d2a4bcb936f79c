"""The check of video ids that come from a caller or a template. Pure, and cheap to import."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_provider_seedance.api.errors import InvalidRequestError

LONGEST_ID = 256
"""The most characters of an id, far more than vendors use."""

_NO_VALUE = ("none", "null", "undefined", "nan")
_BY_KEY = "name the key: `create.output['video_id']`, or `xcom_pull(..., key='video_id')` in a template"
_ODD = (
    (re.compile(r"\s"), "a space or line break"),
    (re.compile(r"[\"'`\u2018-\u201f]"), "a quote"),
    (re.compile(r"[{}\[\]()<>]"), "a brace or bracket"),
    (re.compile(r"\\"), "a backslash"),
)


def check_video_id(value: object) -> str:
    """Checks the vendor's id of a video.

    :param value: from a caller or a template; a number, as native rendering makes it, counts as its digits.
    :return: the id as a text, without spaces around it.
    :raises InvalidRequestError: it can't be an id; the message has the likely cause, but not the value, which may be
        the text of a whole XCom, signed URLs included.
    """
    if isinstance(value, str):
        problem = why_no_id(value.strip())
        if problem is None:
            return value.strip()
    elif isinstance(value, int) and not isinstance(value, bool):
        problem = "is no number that an id can be" if abs(value) >= 10**LONGEST_ID else None
        if problem is None:
            return str(value)
    elif value is None:
        problem = "is None: the task that it comes from returned no id, or was skipped"
    elif isinstance(value, Mapping):
        problem = f"is a whole dict; {_BY_KEY}"
    else:
        problem = f"is a {type(value).__name__}, not an id"
    raise _invalid(problem)


def video_id_of(video: object) -> str:
    """The id of a video.

    :param video: the id, or the dict that operator and sensor return.
    :raises InvalidRequestError: there is no id, with the likely cause.
    """
    if not isinstance(video, Mapping):
        return check_video_id(video)
    if video.get("video_id") is None:
        raise _invalid("the dict holds no `video_id`; that of the create operator does")
    return check_video_id(video["video_id"])


def why_no_id(text: str) -> str | None:
    """The reason why a text can't be a video's id, without quoting it; `None` if it can."""
    if not text:
        return "is empty: a template that finds nothing renders to an empty text"
    if text.casefold() in _NO_VALUE:
        return f"is the word {text[:9]!r}: the template found nothing, or the task that it comes from returned nothing"
    if "{{" in text or "{%" in text:
        return "is a template that was not rendered"
    if text[0] in "{[":
        return f"looks like the text of a whole XCom; {_BY_KEY}"
    if "://" in text:
        return "is a URL, not an id"
    if len(text) > LONGEST_ID:
        return f"has {len(text)} characters, more than any id"
    for pattern, name in _ODD:
        if pattern.search(text):
            return f"holds {name}, which no id does"
    if not text.isprintable() or text in (".", ".."):
        return "holds characters that no id has"
    return None


def _invalid(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"Nothing was sent. video_id: {problem}.", (f"video_id: {problem}",))
