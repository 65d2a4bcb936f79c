"""Each vendor refuses what its documents forbid, in its own shape, and bills nothing for it."""

import json
from typing import Any

import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.support.requests import SAMPLES

from .conftest import Caller

URL, ASSET = "https://files.example/a.jpg", "asset://a1"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_wrong_key_path_method_or_body_is_refused(sim: Simulator, callers: Any, vendor: str) -> None:
    caller, path = callers[vendor], SAMPLES[vendor].create[0]
    stranger = Caller(sim, vendor, key="sk-wrong").create()
    assert stranger.status_code == (200 if vendor == "jimmyai" else 401)
    assert stranger.json()
    assert caller.send("GET", "/nowhere/at/all").status_code == 404
    assert caller.send("PUT", path).status_code == 405
    for options in ({"content": "{"}, {"content": "{}"}, {"json": [1]}):
        answer = caller.send("POST", path, **options)
        assert answer.status_code == (200 if vendor == "jimmyai" else 400), answer.text
        if vendor == "jimmyai":
            assert answer.json()["code"] == "20002"
    assert sim.ledger == []
    assert [request.call for request in sim.requests].count("unknown") == 2


def text(*more: Any) -> list[Any]:
    return [{"type": "text", "text": "a boat"}, *more]


def item(kind: str, role: str | None, url: str = URL) -> dict[str, Any]:
    return {"type": kind, kind: {"url": url}, **({"role": role} if role else {})}


FIRST, LAST = item("image_url", "first_frame"), item("image_url", "last_frame")
IMAGE, VIDEO = item("image_url", "reference_image"), item("video_url", "reference_video")
AUDIO = item("audio_url", "reference_audio")


@pytest.mark.parametrize(
    "changes",
    [
        {"surprise": 1},
        {"frames": 57},
        {"camera_fixed": True},
        {"draft": True},
        {"service_tier": "flex"},
        {"duration": 3},
        {"duration": 16},
        {"duration": 5.5},
        {"duration": True},
        {"resolution": "2k"},
        {"ratio": "2:1"},
        {"execution_expires_after": 60},
        {"priority": 10},
        {"safety_identifier": "x" * 65},
        {"callback_url": "ftp://x"},
        {"tools": [{"type": "calculator"}]},
        {"tools": [{"type": "web_search"}], "content": text(FIRST)},
        {"content": []},
        {"content": text(LAST)},
        {"content": text(FIRST, FIRST)},
        {"content": text(FIRST, IMAGE)},
        {"content": text(AUDIO)},
        {"content": text(*[IMAGE] * 10)},
        {"content": text(*[VIDEO] * 4)},
        {"content": text(IMAGE, *[AUDIO] * 4)},
        {"content": text(item("image_url", None), item("image_url", None))},
        {"content": text(item("video_url", "reference_video", "data:video/mp4;base64,AA"))},
        {"content": text({"type": "image_url", "image_url": {"url": URL, "role": "first_frame"}})},
        {"content": text({"type": "draft_task", "draft_task": {"id": "x"}})},
        {"content": text(item("image_url", "reference_video"))},
        {"model": "dreamina-seedance-2-0-fast-260128", "resolution": "1080p"},
    ],
    ids=str,
)
def test_ark_refuses(sim: Simulator, callers: Any, changes: dict[str, Any]) -> None:
    answer = callers["byteplus"].create(**changes)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] in ("InvalidParameter", "MissingParameter")
    assert error["type"] == "BadRequest"
    assert "Request id: " in error["message"]
    assert sim.ledger == []


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": None, "frames": None, "tools": None},
        {"duration": -1, "resolution": "4k", "ratio": "21:9"},
        {"content": text(FIRST, LAST)},
        {"content": [FIRST]},
        {"content": text(item("image_url", None))},
        {"content": text(*[IMAGE] * 9, *[VIDEO] * 3, *[AUDIO] * 3)},
        {"content": text(item("image_url", "first_frame", "data:image/png;base64,AA"))},
        {"tools": [{"type": "web_search"}]},
        {"model": "ep-20261120-abcde"},
        {"framespersecond": 7},  # documented as not validated: such a task is made, and billed
    ],
    ids=str,
)
def test_ark_takes(callers: Any, changes: dict[str, Any]) -> None:
    assert callers["byteplus"].create(**changes).status_code == 200


def test_ark_names_of_one_vendor_are_unknown_to_the_other(callers: Any) -> None:
    refused = callers["volcengine"].create(model="dreamina-seedance-2-0-260128")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "InvalidEndpointOrModel.NotFound")


def jimmy(model: str, **fields: Any) -> dict[str, Any]:
    return {"model": model, **fields}


FULL, VIDEO_FULL, SP, MD, I2V, STD = (
    "sd2_mx_1080p",
    "sd2_mx_video_720p",
    "seedance2.0-sp",
    "seedance2.0-md",
    "seedance2.0-fast-i2v",
    "seedance2.0-std",
)


@pytest.mark.parametrize(
    "body",
    [
        jimmy("seedance2.0-unheard"),
        jimmy("sd2_mx_fast_4k"),
        jimmy(SP, prompt=""),
        jimmy(SP, duration=None),
        jimmy(SP, duration=3),
        jimmy(SP, duration="5"),
        jimmy(SP, resolution="4k"),
        jimmy(SP, ratio="adaptive"),
        jimmy(SP, orientation="upright"),
        jimmy(SP, images=URL),
        jimmy(SP, images=["http://files.example/a.jpg"]),
        jimmy(SP, images=[URL], first_image=URL),
        jimmy(SP, reference_audios=[URL]),
        jimmy("seedance2.0-mini", images=[ASSET]),
        jimmy("seedance2.0-mini-sp", resolution="1080p"),
        jimmy(FULL, images=[URL]),
        jimmy(FULL, images=[ASSET], reference_videos=[ASSET]),
        jimmy(FULL, duration=16),
        jimmy(MD, first_image=URL),
        jimmy(MD, images=[URL] * 5),
        jimmy(MD, images=[URL], reference_audios=[URL]),
        jimmy(MD, ratio="4:3"),
        jimmy(MD, prompt="x" * 5001),
        jimmy(I2V, images=[URL] * 10),
        jimmy(I2V, reference_videos=[URL]),
        jimmy(I2V, images=[ASSET]),
        jimmy(STD, first_image=URL, reference_audios=[URL]),
        jimmy(STD, images=[URL], reference_audios=[URL] * 4),
    ],
    ids=str,
)
def test_jimmy_refuses(sim: Simulator, callers: Any, body: dict[str, Any]) -> None:
    answer = callers["jimmyai"].create(**body)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, "20002", None)
    assert sim.ledger == []


@pytest.mark.parametrize(
    "body",
    [
        jimmy(SP, images=[URL, ASSET], reference_audios=[URL], resolution="480p"),
        jimmy("seedance2.0-of-fast-sp", first_image=URL, last_image="", reference_audios=[URL]),
        jimmy("seedance2.0-mini-720p-video", reference_videos=[URL]),
        jimmy(FULL, duration=15, ratio="Adaptive", first_image=ASSET),
        jimmy(VIDEO_FULL, reference_videos=[ASSET], reference_audios=[ASSET]),
        jimmy(MD, duration=1, first_image=URL, last_image=URL, resolution="anything"),
        jimmy(I2V, images=[URL] * 9, prompt="x" * 5000),
        jimmy(STD, images=[URL], reference_audios=[URL] * 3, ratio="21:9"),
        jimmy(SP, prompt="x" * 9000, orientation="portrait"),
    ],
    ids=lambda body: str(body)[:60],
)
def test_jimmy_takes_what_any_of_its_documents_allows(callers: Any, body: dict[str, Any]) -> None:
    assert "task_id" in callers["jimmyai"].create(**body).json()["data"]


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ({}, 400),
        ({"prompt": ""}, 400),
        ({"prompt": "x", "duration": 16}, 400),
        ({"prompt": "x", "resolution": "2k"}, 400),
        ({"prompt": "x", "ratio": "2:1"}, 400),
        ({"prompt": "x", "seed": -1}, 400),
        ({"prompt": "x", "watermark": "no"}, 400),
        ({"prompt": "x", "first_frame": ASSET}, 400),
        ({"prompt": "x", "first_frame": [URL]}, 500),
        ({"prompt": "x", "reference_images": URL}, 400),
        ({"prompt": "x", "reference_images": ["data:image/png;base64,AA"]}, 400),
        ({"prompt": "x", "reference_asset_ids": [1]}, 400),
    ],
    ids=str,
)
def test_gmi_refuses(sim: Simulator, callers: Any, payload: dict[str, Any], status: int) -> None:
    answer = callers["gmicloud"].create(payload=payload)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert sim.ledger == []


def test_gmi_takes_its_defaults_spelt_out(callers: Any) -> None:
    spelt = {
        "seed": None,
        "first_frame": "",
        "reference_images": [],
        "reference_asset_ids": ["a1"],
        "ratio": "adaptive",
    }
    assert callers["gmicloud"].payload(**spelt).status_code == 200
    assert callers["gmicloud"].create(model="Seedance-2-0-260128").status_code == 404


@pytest.mark.parametrize(
    ("slug", "changes", "status"),
    [
        ("seedance-9-t2v", {}, 404),
        ("seedance-2.0-t2v", {"prompt": "x" * 10001}, 400),
        ("seedance-2.0-t2v", {"first_frame_image": URL}, 400),
        ("seedance-2.0-t2v", {"model": "x"}, 400),
        ("seedance-2.0-t2v", {"seed": None}, 400),
        ("seedance-2.0-t2v", {"ratio": "adaptive"}, 400),
        ("seedance-2.0-fast-t2v", {"resolution": "1080p"}, 400),
        ("seedance-2.0-i2v", {"resolution": "4k"}, 400),
        ("seedance-2.0-i2v", {"reference_images": []}, 400),
        ("seedance-2.0-i2v", {"reference_images": [URL] * 10}, 400),
        ("seedance-2.0-i2v", {"reference_images": [URL], "last_frame_image": URL}, 400),
        ("seedance-2.0-i2v", {"audio_urls": [URL] * 4}, 400),
        ("seedance-2.0-i2v", {"video_urls": [URL]}, 400),
        ("seedance-2.0-v2v", {}, 400),
        ("seedance-2.0-i2v", {"execution_expires_after": 5}, 400),
        ("seedance-2.0-t2v", {"resolution": "4k", "seed": -1, "ratio": "21:9"}, 200),
        ("seedance-2.0-i2v", {"first_frame_image": "data:image/png;base64,AAAA", "audio_urls": [URL]}, 200),
        ("seedance-2.0-mini-v2v", {"video_urls": [URL] * 3, "return_last_frame": True}, 200),
    ],
    ids=str,
)
def test_modellix_keeps_to_its_schema(
    sim: Simulator, callers: Any, slug: str, changes: dict[str, Any], status: int
) -> None:
    answer = callers["modellix"].create(f"/bytedance/{slug}/async", **changes)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == (0 if status == 200 else status)
    assert len(sim.ledger) == (status == 200)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_half_surrogate_in_a_prompt_breaks_nothing(sim: Simulator, callers: Any, vendor: str) -> None:
    broken = json.dumps(SAMPLES[vendor].body()).replace("a paper boat", "boat \\ud800")
    answer = callers[vendor].send(
        "POST", SAMPLES[vendor].create[0], content=broken, headers={"Content-Type": "application/json"}
    )
    assert answer.is_success
    assert callers[vendor].poll(sim.ledger[-1].video_id)
