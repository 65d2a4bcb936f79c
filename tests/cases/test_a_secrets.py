"""Key, prompt and signed URLs, quoted by a vendor in whatever form: nothing of them in exceptions, events and logs."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.api.client import ClientSettings, PollingClient
from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceError, VideoFailedError
from airflow_provider_seedance.api.http.scrubbing import Scrubber
from airflow_provider_seedance.api.http.texts import clean
from airflow_provider_seedance.api.vendors import VENDORS, make_adapter
from airflow_provider_seedance.api.video_jobs import failure_of
from tests.api.helpers import ONE_TRY, SIMPLE, open_client
from tests.support.requests import ANSWERS, id_of

from .server import Server, http

KEY = "sk-live/Zq81+Vb72=xKw934TtUuYy"
PROMPT = "A weathered Paper-Boat named Zebedee, drifting past Ängelholm's lighthouse; 60 fps"
CHINESE = "一只名叫泽比迪的纸船在雨中漂过灯塔"
SIGNATURE = "5ec4e75ec4e75ec4e7"
MEDIA = f"https://media.example/horse.png?X-Amz-Expires=600&X-Amz-Signature={SIGNATURE}"

ESCAPES: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "lower case": str.lower,
    "upper case": str.upper,
    "slashes escaped": lambda text: text.replace("/", "\\/"),
    "some letters escaped": lambda text: re.sub(r"[+='A-Z]", lambda found: f"\\u{ord(found.group()):04x}", text),
    "all letters escaped": lambda text: "".join(f"\\u{ord(letter):04X}" for letter in text),
    "escaped twice": lambda text: json.dumps(json.dumps(text)),
    "escaped thrice": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "as in a URL": lambda text: quote(text, safe=""),
    "as in a URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "as in a form": lambda text: text.replace(" ", "+"),
    "as in HTML": lambda text: html.escape(text).replace("'", "&#39;").replace("=", "&#x3D;"),
    "as hexadecimal": lambda text: "".join(f"\\x{ord(c):02x}" if ord(c) < 256 else c for c in text),
    "quoted": repr,
    "spaced out": lambda text: text.replace(" ", "  \n "),
    "words joined": lambda text: text.replace(" ", "_"),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "cut at its end": lambda text: f"{text[:24]}...",
    "cut at its start": lambda text: f"...{text[-24:]}",
    "cut at both": lambda text: f"[{text[6:28]}]",
}


def tells(text: str, secret: str) -> str:
    """The longest stretch of letters and digits that a text shares with a secret."""
    plain, hidden = (re.sub(r"[\W_]+", "", part).casefold() for part in (clean_of_escapes(text), secret))
    longest = ""
    for start in range(len(hidden)):
        while hidden[start : start + len(longest) + 1] in plain and start + len(longest) < len(hidden):
            longest = hidden[start : start + len(longest) + 1]
    return longest


def clean_of_escapes(text: str) -> str:
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found.group(1), 16)), text)
    return re.sub(r"\\+x([0-9a-fA-F]{2})", lambda found: chr(int(found.group(1), 16)), text)


def texts_of(error: SeedanceError) -> list[str]:
    facts = (getattr(error, name, None) for name in ("vendor", "code", "request_id", "problems"))
    return [str(error), repr(error), *map(str, facts)]


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "message": lambda said: {"error": {"code": "Bad", "message": said}, "code": 400, "msg": said, "message": said},
    "code": lambda said: {"error": {"code": said, "message": "no"}, "code": said, "msg": "no", "message": "no"},
    "request id": lambda said: {
        "error": {"code": "Bad", "message": f"no. Request id: {said}"},
        "request_id": said,
        "message": "no",
        "code": 400,
    },
    "nested": lambda said: {"error": {"message": {"why": [said]}}, "msg": {"why": said}, "message": [said], "code": 4},
}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", [400, 200])
def test_case_a8_a_refusal_tells_nothing_of_key_prompt_and_signatures_however_it_quotes_them(
    vendor: str, place: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    request = SIMPLE[vendor] | {"prompt": PROMPT, "extra": {"callback_url": MEDIA, "negative_prompt": CHINESE}}
    body: dict[str, Any] = {}
    with (
        Server(lambda _: iter([http(status, body)])) as server,
        open_client("sync", vendor, server.url, KEY, retry=ONE_TRY) as client,
    ):
        for name, escape in ESCAPES.items():
            for secret in (KEY, PROMPT, CHINESE, MEDIA):
                body = PLACES[place](f"refused: {escape(secret)} !")
                with pytest.raises(SeedanceApiError) as caught:
                    client.create_video(request)
                for text in texts_of(caught.value):
                    assert len(tells(text, KEY)) < 8, (name, text)
                    assert len(tells(text, PROMPT)) < 8, (name, text)
                    assert len(tells(text, CHINESE)) < 4, (name, text)
                    assert len(tells(text, SIGNATURE)) < 8, (name, text)
                    assert str(text).isprintable(), (name, text)
    logged = " ".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)
    for secret in (KEY, PROMPT, SIGNATURE):
        assert secret not in logged


def test_case_a8_what_the_refusal_says_beside_the_prompt_is_still_told() -> None:
    said = f"The text '{PROMPT}' may contain sensitive information, see rule 7."
    with (
        Server.of(http(400, {"error": {"code": "InputTextSensitiveContentDetected", "message": said}})) as server,
        open_client("sync", "byteplus", server.url, KEY) as client,
        pytest.raises(SeedanceApiError) as caught,
    ):
        client.create_video(SIMPLE["byteplus"] | {"prompt": PROMPT})
    assert "The text '(prompt)' may contain sensitive information, see rule 7." in str(caught.value)
    assert caught.value.code == "InputTextSensitiveContentDetected"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("form", ["sync", "async", "poll"])
def test_case_a8_a_failed_videos_reason_tells_neither_the_key_nor_a_signature(vendor: str, form: str) -> None:
    for name, escape in ESCAPES.items():
        said = f"{escape(KEY)} and {escape(MEDIA)}"
        body = ANSWERS[vendor].failed("v-1", said)
        with Server.of(http(200, body)) as server:
            failure = failure_of(read(form, vendor, server.url))
        assert isinstance(failure, VideoFailedError)
        for text in texts_of(failure):
            assert len(tells(text, KEY)) < 8, (name, text)
            if name not in ("as in a URL", "as in a URL in a URL", "full width") and not name.startswith("cut"):
                assert len(tells(text, SIGNATURE)) < 8, (name, text)


def test_case_a8_a_prompt_that_the_answer_repeats_is_known_to_a_poll_too() -> None:
    payload, error = {"prompt": PROMPT}, f"bad words: {PROMPT[:40]}"
    body = {"request_id": "v-1", "status": "failed", "payload": payload, "error": error}
    with Server.of(http(200, body)) as server:
        video = read("poll", "gmicloud", server.url)
    assert "bad words: (prompt)" in str(failure_of(video))


def read(form: str, vendor: str, url: str) -> Any:
    if form != "poll":
        with open_client(form, vendor, url, KEY, retry=ONE_TRY) as client:
            return client.get_video(id_of(vendor))

    async def poll() -> Any:
        client = PollingClient(make_adapter(vendor), ClientSettings(api_key=KEY, base_url=url))
        try:
            return await client.get_video(id_of(vendor))
        finally:
            await client.aclose()

    return asyncio.run(poll())


URLS = {
    "with a scheme": f"https://h.example/a?X-Tos-Signature={SIGNATURE}",
    "of an object storage": f"tos://bucket/a?X-Tos-Signature={SIGNATURE}",
    "of another": f"s3://bucket/a?X-Amz-Signature={SIGNATURE}&b=1",
    "without a scheme": f"h.example/a.mp4?Expires=1&Signature={SIGNATURE}",
    "with a port": f"h.example:8443/a?sig={SIGNATURE}",
    "with slashes alone": f"//h.example/a?sig={SIGNATURE}",
    "escaped slashes": f"https:\\/\\/h.example\\/a?sig={SIGNATURE}",
    "escaped twice": f"https:\\\\/\\\\/h.example\\\\/a?sig={SIGNATURE}",
    "an escaped mark": f"https://h.example/a\\u003fX-Tos-Signature\\u003d{SIGNATURE}",
    "a percent for the mark": f"https://h.example/a%3FX-Tos-Signature%3D{SIGNATURE}",
    "in a URL": f"https://h.example/a%253FX-Tos-Signature%253D{SIGNATURE}",
    "HTML": f"https://h.example/a?b=1&amp;X-Amz-Signature={SIGNATURE}",
    "upper case": f"HTTPS://H.EXAMPLE/A?X-TOS-SIGNATURE={SIGNATURE}",
    "an address": f"https://10.0.0.1/a?sig={SIGNATURE}",
    "IPv6": f"https://[::1]:80/a?sig={SIGNATURE}",
    "a user": f"https://me:{SIGNATURE}@h.example/a",
    "the query alone": f"X-Amz-Credential=a/b&X-Amz-Signature={SIGNATURE}",
    "a word of it": f"expected Signature={SIGNATURE}",
    "a token": f"token={SIGNATURE}",
    "in quotes": f'{{"url": "tos://b/a?Policy={SIGNATURE}"}}',
    "no words": f"https://h.example/a?{SIGNATURE}",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_case_a8_what_opens_media_is_left_out_of_a_vendors_text(url: str) -> None:
    assert SIGNATURE not in clean(f"can't fetch {url} now")
    assert "now" in clean(f"can't fetch {url} now")
    assert SIGNATURE not in str(SeedanceError(f"can't fetch {url}").args) or "\\" in url


@pytest.mark.parametrize(
    "text",
    [
        "is it red? yes",
        "docs.byteplus.com/en/docs/ModelArk/1520757",
        "What is 1/2? and why",
        "duration=5 is not in 4..15",
        "ratio=16:9, resolution=720p",
        "the policy is strict",
        "see https://docs.example/errors#quota",
    ],
)
def test_case_a8_what_is_no_secret_is_told(text: str) -> None:
    assert clean(text) == text


@settings(max_examples=300)
@given(
    st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=20, max_size=200),
    st.text(max_size=60),
    st.text(max_size=60),
    st.sampled_from(sorted(ESCAPES)),
)
def test_case_a8_no_long_stretch_of_any_key_gets_through(secret: str, before: str, after: str, name: str) -> None:
    hidden = re.sub(r"[\W_]+", "", secret)
    if not hidden.isascii() or len(hidden) < 12:
        return
    text = Scrubber(secret)(f"{before} {ESCAPES[name](secret)} {after}")
    assert len(tells(text, secret)) < 8


@pytest.mark.parametrize(
    ("prompt", "text", "told"),
    [
        ("rain", "training in Rain.", "training in (prompt)."),
        ("a", "a cat", "a cat"),
        ("", "a cat", "a cat"),
        ("information", "more information: information", "more (prompt)"),
        ("the information desk of a hotel", "information is missing", "information is missing"),
        (CHINESE, "敏感词 泽比迪的纸船, 请改", "敏感词 (prompt), 请改"),
    ],
)
def test_case_a8_words_that_anybody_uses_stay(prompt: str, text: str, told: str) -> None:
    assert Scrubber(prompt=prompt)(text) == told
