"""Who answered: what the vendor's own errors look like, what anybody else's mean, and how they are told."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.errors import (
    GatewayRefusedError,
    SeedanceApiError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.vendors import VENDORS, make_adapter
from airflow_provider_seedance.api.vendors.json_fields import id_in
from airflow_provider_seedance.api.vendors.strangers import sender_and_form, was_refused_on_the_way, words_of
from tests.support.requests import ANSWERS

from .helpers import PROMPT, SIMPLE, answer

PAGE = b"<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head><body><h1>No</h1></body></html>"

# -- the vendors' own ------------------------------------------------------------------------------------------------

OWN = {vendor: answers.own_errors for vendor, answers in ANSWERS.items()}

FOREIGN: list[tuple[int, Any]] = [
    (403, PAGE),
    (404, b"404 page not found"),
    (503, b""),
    (403, b"<Error><Code>AccessDenied</Code></Error>"),
    (404, {"error_msg": "404 Route Not Found"}),
    (404, {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/"}),
    (403, {"title": "Forbidden", "status": 403}),
    (404, {"kind": "Status", "status": "Failure", "message": "not found", "code": 404, "reason": "NotFound"}),
    (404, ["error"]),
    (404, "error"),
    (404, None),
    (404, {}),
    (404, {"error": None, "message": "", "detail": []}),
    (404, {"code": True, "msg": "no", "message": "no", "path": "/"}),
    (404, b'{"error": {"code": "ResourceNotFound", "mess'),
    (502, {"code": 404, "message": "no", "path": "/"}),
    (404, {"error": {"code": 404, "message": "no"}, "path": "/"}),
]


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_vendors_own_errors_are_known_by_their_form(vendor: str) -> None:
    for status, body in OWN[vendor]:
        assert make_adapter(vendor).is_own_error(answer(body, status)), body


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_error_of_anybody_else_is_taken_for_the_vendors(vendor: str) -> None:
    others = [case for name in VENDORS for case in OWN[name] if name != vendor]
    # What Modellix documents is also what GMI Cloud was seen to send.
    alike: dict[str, list[Any]] = {
        "gmicloud": [{"code": 404, "message": "no"}, {"detail": "no"}],
        # What fal documents is also what GMI Cloud was seen to send.
        "fal": [body for _, body in OWN["gmicloud"] if "detail" in body],
    }
    for status, body in [*FOREIGN, *others]:
        if body in [own for _, own in OWN[vendor]] or body in alike.get(vendor, []):
            continue
        if isinstance(body, dict) and isinstance(body.get("error"), dict) and vendor not in ("jimmyai", "modellix"):
            continue  # GMI Cloud was seen to send what Ark documents
        assert not make_adapter(vendor).is_own_error(answer(body, status)), body


# -- what anybody else's mean ----------------------------------------------------------------------------------------

REFUSED = (400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 413, 414, 415, 416, 417, 421, 422, 426, 428, 431, 451)
NOT_REFUSED = (
    *(200, 201, 202, 204, 206, 300, 304, 408, 409, 418, 420, 423, 424, 425, 429, 440, 444, 449, 460, 494, 498, 499),
    *(500, 501, 502, 503, 504, 505, 507, 520, 521, 522, 524, 529, 530, 598, 599),
)


@pytest.mark.parametrize("status", [*REFUSED, *NOT_REFUSED])
def test_only_some_statuses_prove_that_a_create_never_reached_the_vendor(status: int) -> None:
    assert was_refused_on_the_way(status) is (status in REFUSED)
    kind: type[SeedanceApiError] = GatewayRefusedError if status in REFUSED else SubmissionUnknownError
    if status == 429:
        kind = SeedanceRateLimitError
    for vendor in VENDORS:
        for body in (PAGE, b"", b"no", {"title": "x"}):
            with pytest.raises(SeedanceApiError) as caught:
                make_adapter(vendor).parse_create(answer(body, status), VideoRequest(**SIMPLE[vendor]))
            assert type(caught.value) is kind
            assert caught.value.code is None
            assert caught.value.status_code == status
            with pytest.raises(TransientApiError):
                make_adapter(vendor).parse_get(answer(body, status), "v-1")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_strangers_retry_after_is_honoured(vendor: str) -> None:
    with pytest.raises(TransientApiError) as caught:
        make_adapter(vendor).parse_get(answer(PAGE, 503, retry_after="7"), "v-1")
    assert caught.value.retry_after == 7


# -- how they are told -----------------------------------------------------------------------------------------------


PLAIN, PERHAPS = "Something in front of X", "X, or something in front of it,"
FOREIGN_JSON = "JSON that is not X's"
TOLD = [
    (403, PAGE, PLAIN, "a web page", "403 Forbidden"),
    (200, PAGE, PLAIN, "a web page", "403 Forbidden"),
    (502, b" <html><body><h1>Bad <b>Gateway</b></h1>", PLAIN, "a web page", "Bad  Gateway "),
    (502, b"<html><body>no</body></html>", PLAIN, "a web page", ""),
    (503, b"no healthy upstream", PLAIN, "text", "no healthy upstream"),
    (503, b"", PERHAPS, "an empty body", ""),
    (403, b"<Error/>", PERHAPS, "XML", ""),
    (404, {"error": "text"}, PLAIN, FOREIGN_JSON, "text"),
    (404, {"message": "text"}, PLAIN, FOREIGN_JSON, "text"),
    (404, {"detail": "text"}, PLAIN, FOREIGN_JSON, "text"),
    (404, {"error": {"message": "text"}}, PLAIN, FOREIGN_JSON, "text"),
    (404, {"error": "Not Found", "message": ""}, PLAIN, FOREIGN_JSON, "Not Found"),
    (404, {"error": 7, "errors": [1]}, PLAIN, FOREIGN_JSON, ""),
    (404, b'"gone"', PLAIN, FOREIGN_JSON, "gone"),
    (200, {"ok": True}, PERHAPS, "JSON that X does not document", ""),
    (200, b'{"id": "cgt', PERHAPS, "JSON that can't be read", ""),
    (500, b"\xff\xfe\x00", PLAIN, "text", "\ufffd\ufffd\x00"),
]


@pytest.mark.parametrize(("status", "body", "who", "what", "words"), TOLD)
def test_the_error_says_which_server_answered_with_what_and_in_which_words(
    status: int, body: Any, who: str, what: str, words: str
) -> None:
    response = answer(body, status)
    assert sender_and_form("X", response) == (who, what)
    assert words_of(response) == words


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "said",
    [
        f"blocked: {PROMPT} is not allowed",
        "see https://x.example/a.mp4?X-Tos-Signature=5ec4e7",
        "two\nlines \x1b[31mred",
        "half an emoji \ud83d",
        "x" * 5000,
    ],
)
def test_a_strangers_words_are_cleaned_like_the_vendors(vendor: str, said: str) -> None:
    for body in ({"title": said}, f"<html><title>{said}</title>".encode("utf-8", "replace")):
        with pytest.raises(GatewayRefusedError) as caught:
            make_adapter(vendor).parse_create(answer(body, 403), VideoRequest(**SIMPLE[vendor]))
        text = str(caught.value)
        assert text.isprintable()
        assert len(text) < 1000
        assert PROMPT not in text
        assert "5ec4e7" not in text


def test_a_page_that_never_ends_is_looked_at_as_far_as_its_beginning() -> None:
    assert words_of(answer(b"<html>" + b" " * 100_000 + b"<title>late</title>", 502)) == ""


# -- an id in an answer that is no success ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"id": "cgt-9"}, "cgt-9"),
        ({"id": 17}, "17"),
        ({"error": {"id": "err-1"}}, None),
        ({"data": {"task_id": "vid_1"}}, "vid_1"),
        ({"data": [{"task_id": "vid_1"}]}, None),
        (b'{"id": "cgt-9", "sta', "cgt-9"),
        (b'{"data": {"task_id" : "vid_1"', "vid_1"),
        (b'{"id": "cgt', None),
        (b'{"id": "a\\u0062"', None),
        (b'<script>{"id": "cgt-9"}</script>', None),
        ({"id": "../x"}, None),
        ({"id": "a b"}, None),
        ({"id": ""}, None),
        (b"", None),
    ],
)
def test_an_id_is_found_where_the_vendor_puts_it(body: Any, found: str | None) -> None:
    assert id_in(answer(body, 504), ("id",), ("data", "task_id")) == found


def test_a_refusal_in_the_vendors_own_words_names_no_video() -> None:
    with pytest.raises(SeedanceApiError) as caught:
        make_adapter("gmicloud").parse_create(
            answer({"error": "no", "request_id": "r-1"}, 400), VideoRequest(**SIMPLE["gmicloud"])
        )
    assert not hasattr(caught.value, "video_id")
    assert "(request id r-1)" in str(caught.value)


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_answer_about_a_video_without_its_id_is_nobodys_word(vendor: str) -> None:
    """A health check says `{"status": "ok"}`, a proxy `{"status": "failed"}`."""
    for body in ({"status": "failed"}, {"code": 0, "message": "", "msg": "", "data": {"status": "failed"}}):
        with pytest.raises(TransientApiError) as caught:
            make_adapter(vendor).parse_get(answer(body), "v-1")
        assert not isinstance(caught.value, VideoNotFoundError)
