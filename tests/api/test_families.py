"""Each model family at each vendor: the request to the letter, or a refusal that names the choices.

The names are typed from the vendors' documents, not from the descriptors.
"""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.validation import check_literals, check_request, for_vendor
from airflow_provider_seedance.api.vendors import BUILT_IN, make_adapter, vendor_of_model
from airflow_provider_seedance.api.vendors.descriptor import FAMILIES

IMAGE, VIDEO, SOUND = "https://files.example/a.jpg", "https://files.example/c.mp4", "https://files.example/d.mp3"
PROMPT = "a paper boat"

TEXT: dict[str, Any] = {}
FRAME = {"first_frame": IMAGE}
REFERENCES = {"reference_images": [IMAGE], "reference_videos": [VIDEO]}

TASK = "0b0a3b62-6d1c-4c0a-9f52-7b9a2a1f5d10"
"""The id that a caller of Runware's chooses."""

JIMMY = "/api/open-api/v1/seedance/videos"
JIMMY_25 = "/api/open-api/v1/seedance25/videos"
ARK = "/contents/generations/tasks"


def ark(model: str) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    text = {"type": "text", "text": PROMPT}
    image, video = {"url": IMAGE}, {"url": VIDEO}
    frame = {"type": "image_url", "image_url": image, "role": "first_frame"}
    reference = {"type": "image_url", "image_url": image, "role": "reference_image"}
    moving = {"type": "video_url", "video_url": video, "role": "reference_video"}
    return [
        (TEXT, ARK, {"model": model, "content": [text], "duration": 5}),
        (FRAME, ARK, {"model": model, "content": [text, frame], "duration": 5}),
        (REFERENCES, ARK, {"model": model, "content": [text, reference, moving], "duration": 5}),
    ]


def jimmy(model: str, path: str = JIMMY) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    body = {"model": model, "prompt": PROMPT, "duration": 5}
    return [
        (TEXT, path, body),
        (FRAME, path, body | {"first_image": IMAGE}),
        (REFERENCES, path, body | {"images": [IMAGE], "reference_videos": [VIDEO]}),
    ]


def gmi(model: str) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    payload = {"prompt": PROMPT, "duration": 5}
    return [
        (TEXT, "/requests", {"model": model, "payload": payload}),
        (FRAME, "/requests", {"model": model, "payload": payload | {"first_frame": IMAGE}}),
        (
            REFERENCES,
            "/requests",
            {"model": model, "payload": payload | {"reference_images": [IMAGE], "reference_videos": [VIDEO]}},
        ),
    ]


def modellix(slug: str) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    body = {"prompt": PROMPT, "duration": 5}
    return [
        (TEXT, f"/bytedance/{slug}-t2v/async", body),
        (FRAME, f"/bytedance/{slug}-i2v/async", body | {"first_frame_image": IMAGE}),
        (
            {"first_frame": IMAGE, "reference_videos": [VIDEO]},
            f"/bytedance/{slug}-v2v/async",
            body | {"first_frame_image": IMAGE, "video_urls": [VIDEO]},
        ),
        (
            {"reference_images": [IMAGE], "reference_audios": [SOUND]},
            f"/bytedance/{slug}-i2v/async",
            body | {"reference_images": [IMAGE], "audio_urls": [SOUND]},
        ),
    ]


def fal(path: str) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    body = {"prompt": PROMPT, "duration": "5"}
    return [
        (TEXT, f"/{path}/text-to-video", body),
        (FRAME, f"/{path}/image-to-video", body | {"image_url": IMAGE}),
        (REFERENCES, f"/{path}/reference-to-video", body | {"image_urls": [IMAGE], "video_urls": [VIDEO]}),
    ]


def openrouter(model: str) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    body = {"model": model, "prompt": PROMPT, "duration": 5}
    image, video = (
        {"type": "image_url", "image_url": {"url": IMAGE}},
        {"type": "video_url", "video_url": {"url": VIDEO}},
    )
    return [
        (TEXT, "/videos", body),
        (FRAME, "/videos", body | {"frame_images": [image | {"frame_type": "first_frame"}]}),
        (REFERENCES, "/videos", body | {"input_references": [image, video]}),
    ]


def runware(model: str) -> list[tuple[dict[str, Any], str, Any]]:
    def task(**media: Any) -> list[dict[str, Any]]:
        asked = {
            "taskType": "videoInference",
            "taskUUID": TASK,
            "model": model,
            "positivePrompt": PROMPT,
            "duration": 5,
        }
        fixed = {"deliveryMethod": "async", "outputType": "URL", "outputFormat": "MP4"}
        return [asked | ({"inputs": media} if media else {}) | fixed | {"numberResults": 1, "includeCost": True}]

    return [
        (TEXT, "", task()),
        (FRAME, "", task(frameImages=[{"image": IMAGE, "frame": "first"}])),
        (REFERENCES, "", task(referenceImages=[IMAGE], referenceVideos=[VIDEO])),
    ]


def replicate(model: str) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    path, given = f"/models/{model}/predictions", {"prompt": PROMPT, "duration": 5}
    return [
        (TEXT, path, {"input": given}),
        (FRAME, path, {"input": given | {"image": IMAGE}}),
        (REFERENCES, path, {"input": given | {"reference_images": [IMAGE], "reference_videos": [VIDEO]}}),
    ]


SENT = {
    ("jimmyai", "seedance-2.0"): jimmy("seedance2.0-sp"),
    ("jimmyai", "seedance-2.0-fast"): jimmy("seedance2.0-fast-sp"),
    ("jimmyai", "seedance-2.0-mini"): jimmy("seedance2.0-mini"),
    ("jimmyai", "seedance-2.5"): jimmy("seedance-2.5-sp", JIMMY_25),
    ("gmicloud", "seedance-2.0"): gmi("seedance-2-0-260128"),
    ("gmicloud", "seedance-2.0-fast"): gmi("seedance-2-0-fast-260128"),
    ("gmicloud", "seedance-2.5"): gmi("seedance-2-5-260628"),
    ("modellix", "seedance-2.0"): modellix("seedance-2.0"),
    ("modellix", "seedance-2.0-fast"): modellix("seedance-2.0-fast"),
    ("modellix", "seedance-2.0-mini"): modellix("seedance-2.0-mini"),
    ("byteplus", "seedance-2.0"): ark("dreamina-seedance-2-0-260128"),
    ("byteplus", "seedance-2.0-fast"): ark("dreamina-seedance-2-0-fast-260128"),
    ("byteplus", "seedance-2.0-mini"): ark("dreamina-seedance-2-0-mini-260615"),
    ("byteplus", "seedance-2.5"): ark("dreamina-seedance-2-5-260628"),
    ("volcengine", "seedance-2.0"): ark("doubao-seedance-2-0-260128"),
    ("volcengine", "seedance-2.0-fast"): ark("doubao-seedance-2-0-fast-260128"),
    ("volcengine", "seedance-2.0-mini"): ark("doubao-seedance-2-0-mini-260615"),
    ("volcengine", "seedance-2.5"): ark("doubao-seedance-2-5-260628"),
    ("fal", "seedance-2.0"): fal("bytedance/seedance-2.0"),
    ("fal", "seedance-2.0-fast"): fal("bytedance/seedance-2.0/fast"),
    ("fal", "seedance-2.0-mini"): fal("bytedance/seedance-2.0/mini"),
    ("fal", "seedance-2.5"): fal("bytedance/seedance-2.5"),
    ("openrouter", "seedance-2.0"): openrouter("bytedance/seedance-2.0"),
    ("openrouter", "seedance-2.0-fast"): openrouter("bytedance/seedance-2.0-fast"),
    ("openrouter", "seedance-2.5"): openrouter("bytedance/seedance-2.5"),
    ("replicate", "seedance-2.0"): replicate("bytedance/seedance-2.0"),
    ("replicate", "seedance-2.0-fast"): replicate("bytedance/seedance-2.0-fast"),
    ("replicate", "seedance-2.5"): replicate("bytedance/seedance-2.5"),
    ("runware", "seedance-2.0"): runware("bytedance:seedance@2.0"),
    ("runware", "seedance-2.0-fast"): runware("bytedance:seedance@2.0-fast"),
    ("runware", "seedance-2.0-mini"): runware("bytedance:seedance@2.0-mini"),
    ("runware", "seedance-2.5"): runware("bytedance:seedance@2.5"),
}
"""What reaches the vendor, for each kind of media."""

REFUSED = [
    ("gmicloud", "seedance-2.0-mini"),
    ("modellix", "seedance-2.5"),
    ("openrouter", "seedance-2.0-mini"),
    ("replicate", "seedance-2.0-mini"),
]


def request(model: str, **fields: Any) -> VideoRequest:
    return VideoRequest(**{"model": model, "prompt": PROMPT, "duration": 5} | fields)


def test_each_family_at_each_vendor_is_in_one_of_the_tables() -> None:
    assert {*SENT, *REFUSED} == {(vendor, family) for vendor in BUILT_IN for family in FAMILIES}


@pytest.mark.parametrize(
    ("vendor", "family", "fields", "path", "body"),
    [
        pytest.param(vendor, family, *row, id=f"{vendor}-{family}-{number}")
        for (vendor, family), rows in SENT.items()
        for number, row in enumerate(rows)
    ],
)
def test_a_family_reaches_the_vendor_under_the_vendor_s_own_name(
    vendor: str, family: str, fields: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    adapter = make_adapter(vendor)
    named = for_vendor(request(family, **fields), adapter)
    check_request(named, adapter)
    http = adapter.build_create(adapter.mark(named, TASK) if adapter.create_is_repeatable else named)
    assert (http.path, http.json) == (path, body)


@pytest.mark.parametrize(("vendor", "family"), REFUSED)
def test_a_family_that_a_vendor_does_not_have_is_refused_with_the_choices(vendor: str, family: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        for_vendor(request(family), make_adapter(vendor))
    told = str(refused.value)
    assert "Nothing was sent" in told
    assert all(name in told for name in BUILT_IN[vendor].families)
    having = [other.title for other in BUILT_IN.values() if family in other.families]
    assert having
    assert all(title in told for title in having)
    assert "`models`" in told


@pytest.mark.parametrize("vendor", BUILT_IN)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_account_has_for_a_family_counts_before_the_vendor_s_own_name(vendor: str, family: str) -> None:
    adapter = make_adapter(vendor, models={family: "ep-20260101120000-abcde"})
    assert for_vendor(request(family), adapter).model == "ep-20260101120000-abcde"


@pytest.mark.parametrize("vendor", BUILT_IN)
@pytest.mark.parametrize(
    "model", ["dreamina-seedance-2-0-260128", "seedance2.0-md", "seedance-2.0-fast-i2v", "ep-1", "Seedance-2.0"]
)
def test_a_name_that_is_no_family_is_left_alone(vendor: str, model: str) -> None:
    assert for_vendor(request(model), make_adapter(vendor)).model == model


@pytest.mark.parametrize("vendor", BUILT_IN)
def test_descriptors_name_families_that_there_are(vendor: str) -> None:
    assert BUILT_IN[vendor].families.keys() <= set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_vendor_owns_the_name_of_a_family(family: str) -> None:
    assert vendor_of_model(family) is None


@pytest.mark.parametrize("family", ["seedance-2.0", "seedance-2.0-fast", "seedance-2.0-mini"])
def test_a_literal_that_every_vendor_refuses_is_refused_when_the_dag_is_parsed(family: str) -> None:
    with pytest.raises(InvalidRequestError, match="prompt"):
        check_literals({"model": family, "prompt": ""}, set())
    # Runware documents no limit, so it would be asked.
    check_literals({"model": family, "prompt": "x", "duration": 99}, set())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_literal_that_one_vendor_takes_is_left_to_the_connection(family: str) -> None:
    check_literals({"model": family, "prompt": "x", "duration": 15}, set())
    check_literals({"model": family, "prompt": "x", "duration": "{{ params.seconds }}"}, {"duration"})
