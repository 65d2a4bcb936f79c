"""Answers as a vendor, or anybody in front of it, could give them, with everything that could be wrong about them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from airflow_provider_seedance.api.vendors.video_adapter import HttpResponse
from tests.api.helpers import KEY, NOW, PROMPT
from tests.support.requests import ANSWERS

from .wire import WAYS, Said

EXAMPLES = int(os.environ.get("SEEDANCE_EXAMPLES", "500"))
"""How many answers per vendor; `make test-slow` asks for more."""

THOROUGH = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 500,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)

VIDEO_ID, OTHER_ID = "v-1", "v-2"

SUCCESS_WORDS = {name: set(known.words["succeeded"].casefold().split()) for name, known in ANSWERS.items()}

SIGNATURE = "5ec2e7519a7u2e"
"""Of a URL: opens it to whoever reads it."""

DEEP = "__deep__"
"""Stands for what is nested deeper than a parser can bear."""

SIGNED = f"https://x.example/v.mp4?X-Amz-Date=20261120T000000Z&X-Amz-Expires=9&X-Amz-Signature={SIGNATURE}"

URLS = st.sampled_from(
    [
        *("https://x.example/v.mp4", SIGNED, "http://x/v.mp4?X-Tos-Date=20261120T000000Z&X-Tos-Expires=9"),
        *("https://[x/v.mp4", "https://", "videos/v.mp4", "ftp://x/v.mp4", "https://x/v\0.mp4", "https://x/\ud83d"),
        *("https://x/v?X-Amz-Date=99991231T235959Z&X-Amz-Expires=9999", "https://x/" + "v" * 9000),
    ]
)
POISON = st.sampled_from(
    [
        *("cut \ud83d", "\udc00", "\0", "a\0b", "\x1b[2J", "\u202eevil", "\u2028", "a\r\nb: c", "\x7f", "\ufffe"),
        *(KEY, f"wrong key {KEY}", KEY.replace("-", "\\u002d"), KEY.replace("-", "&#45;"), f"Bearer {KEY}"),
        *(PROMPT, PROMPT.upper(), f"your prompt {PROMPT!r} was", PROMPT.replace(" ", "\\u0020")),
        *(SIGNED, SIGNED.replace("/", "\\/"), SIGNED.partition("//")[2], SIGNED.replace("https", "tos"), f"<{SIGNED}>"),
        *("x" * 999, "\U0001f600" * 400, "%s {0} {x}", "{{ var.value.x }}", "None", "<script>alert(1)</script>"),
    ]
)
TIMES = st.sampled_from([1790000000, 253402300799, 10**30, 0, -1, 1e308])
NUMBERS = st.sampled_from([0, 1, 108900, 2**63 - 1, 2**63, 10**30, 10**400, -(10**30), 1e17, 1e308, 1.5, True])
CODES = st.sampled_from(
    [*[0, "20000"] * 8, "0", 200, 20000, "20001", 20002, -1, "-1", 400, 401, 402, 404, 429, 500, "31337", 10**400]
)
ERROR_WORDS = (
    st.sampled_from(
        [
            *("Backend error (400): real person", "Backend error (403)", "Backend error (500)", "insufficient balance"),
            *("moderation", "QuotaExceeded", "ModelNotOpen", "InputTextSensitiveContentDetected", "not found"),
            *("upstream host not found, try later", "overdue", "x" * 999),
        ]
    )
    | POISON
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | URLS
    | TIMES
    | CODES
    | ERROR_WORDS
    | st.just(DEEP)
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
USAGE = (
    st.fixed_dictionaries({}, optional={"completion_tokens": NUMBERS, "total_tokens": NUMBERS})
    | st.dictionaries(POISON | st.text(max_size=4), NUMBERS | POISON, max_size=3)
    | JUNK
)
STATUSES = st.sampled_from(
    [*[200] * 30, *[429, 500] * 6, 201, 301, 307, 400, 401, 402, 403, 404, 408, 409, 418, 422, 425, 502, 503, 504, 599]
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset", "x-request-id", "x-tt-logid"]),
    st.sampled_from(["5", "9" * 400, "9" * 5000, "nan", "-1", "Fri, 20 Nov 2026 12:00:30 GMT", "Fri, 99 Foo", KEY])
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    max_size=2,
)
PAGES = st.sampled_from(
    [
        b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1>nginx</body></html>",
        b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title>",
        *(b"upstream connect error", b"no healthy upstream", b"", b"OK", b"null", b"[]", b"{}", b"\xff\xfe{\0"),
        *(b'{"error": "text"}', b'{"message": "no Route matched with those values"}', b'{"detail": "Not Found"}'),
        *(b'{"fault": {"faultstring": "x"}}', b'{"error": {"code": 404, "message": "x"}}', b'{"code": 404}'),
        b'{"success": false, "errors": [{"code": 1015}]}',
    ]
)


def mostly(good: st.SearchStrategy[Any], other: st.SearchStrategy[Any] = JUNK) -> st.SearchStrategy[Any]:
    """Mostly the one, now and then the other; `|` would count each of their parts."""
    return st.integers(1, 12).flatmap(lambda thrown: other if thrown == 12 else good)


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with these fields, mostly all of them, mostly holding what they should."""
    whole = {name: mostly(good) for name, good in fields.items()}
    return mostly(st.fixed_dictionaries(whole), st.fixed_dictionaries({}, optional=whole))


def values_of(vendor: str) -> st.SearchStrategy[Any]:
    """JSON values in this vendor's shape, more or less."""
    words = sorted(" ".join(ANSWERS[vendor].words.values()).split())
    found: st.SearchStrategy[Any] = ANSWERS[vendor].any(
        shaped,
        ids=st.sampled_from([VIDEO_ID, VIDEO_ID, VIDEO_ID, OTHER_ID, "", True, "v\ud83d"]),
        status=st.sampled_from(words) | st.sampled_from(["pondering", "", "SUCCESS ", "a\0"]),
        urls=URLS,
        error=ERROR_WORDS,
        reason=ERROR_WORDS | shaped(code=ERROR_WORDS, message=ERROR_WORDS, status=st.just(400)),
        codes=CODES,
        numbers=NUMBERS,
        times=TIMES,
        usage=USAGE,
    )
    return found


def encoded(value: Any) -> bytes:
    """As JSON; `NaN` and `Infinity` among it, as careless servers write them."""
    return json.dumps(value).replace(f'"{DEEP}"', "[" * 900 + "]" * 900).encode()


def bodies_of(vendor: str) -> st.SearchStrategy[bytes]:
    """What could be in an answer: mostly this vendor's JSON, now and then anybody's, or any bytes."""
    return mostly(mostly(values_of(vendor)).map(encoded), PAGES | st.binary(max_size=60))


def answers_of(vendor: str) -> st.SearchStrategy[HttpResponse]:
    """Answers as this vendor could give them, read already."""
    return st.builds(HttpResponse, STATUSES, HEADERS, bodies_of(vendor), st.just(NOW))


def said_of(vendor: str) -> st.SearchStrategy[Said]:
    """Answers as they could come over the wire."""
    ways = mostly(st.just(WAYS[0]), st.sampled_from(WAYS))
    return st.builds(
        lambda status, headers, body, how: Said(status, body, tuple(headers.items()), how),
        STATUSES,
        HEADERS,
        bodies_of(vendor),
        ways,
    )


def texts_in(value: Any) -> set[str]:
    """Every text and number in a JSON value, as texts, however deep it is nested."""
    texts: set[str] = set()
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, Mapping):
            left += part.values()
        elif isinstance(part, Sequence) and not isinstance(part, str):
            left += part
        elif not isinstance(part, bool):
            texts.add(str(part).strip())
    return texts


def told_in(body: bytes) -> set[str]:
    """The same of a body, as far as it is JSON, with all that a careful reader can make out in it."""
    try:
        return texts_in(json.loads(body.decode(errors="replace"), strict=False, parse_int=str))
    except (ValueError, RecursionError):
        return set()
