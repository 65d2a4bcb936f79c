"""What a valid request looks like when it reaches each vendor: path, headers and body to the letter.

The expectations are typed from the vendors' documents, not from the adapters.
"""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.simulator import Simulator

from .helpers import SIMPLE, VENDORS, OpenClient

Fields = dict[str, Any]

JPG, JPG2, MP4, MP3 = (f"https://files.example/{name}" for name in ("a.jpg", "b.jpg", "c.mp4", "d.mp3"))
ASSET, ASSET2, ASSET_V, ASSET_A = (f"asset://asset-{name}" for name in ("a", "b", "v", "s"))
DATA = "data:image/png;base64,iVBORw0KGgo="

JIMMY = "/api/open-api/v1/seedance/videos"


def jimmy(model: str, name: str, fields: Fields, body: Fields) -> Any:
    common = {"model": model, "prompt": "a paper boat"}
    return pytest.param(common | fields, {"duration": 5} | common | body, id=f"{model}-{name}")


def full(model: str, *, videos: bool) -> list[Any]:
    references: Fields = {"reference_images": [ASSET, ASSET2], "reference_audios": [ASSET_A]}
    sent: Fields = {"images": [ASSET, ASSET2], "reference_audios": [ASSET_A]}
    if videos:
        references["reference_videos"] = sent["reference_videos"] = [ASSET_V]
    return [
        jimmy(model, "text", {"duration": 4}, {"duration": 4}),
        jimmy(model, "text-long", {"duration": 15, "ratio": "21:9"}, {"duration": 15, "ratio": "21:9"}),
        jimmy(model, "adaptive", {"duration": 12, "ratio": "adaptive"}, {"duration": 12, "ratio": "Adaptive"}),
        jimmy(
            model,
            "frames-and-audio",
            {"first_frame": ASSET, "last_frame": ASSET2, "reference_audios": [ASSET_A], "ratio": "9:16"},
            {"first_image": ASSET, "last_image": ASSET2, "reference_audios": [ASSET_A], "ratio": "9:16"},
        ),
        jimmy(model, "last-frame-only", {"last_frame": ASSET}, {"last_image": ASSET}),
        jimmy(model, "references", {**references, "duration": 8}, {**sent, "duration": 8}),
    ]


def by_resolution(model: str, resolution: str, image: str = JPG) -> list[Any]:
    """SP and Mini: seconds times resolution, images, videos and audio."""
    return [
        jimmy(model, "text", {"resolution": resolution}, {"resolution": resolution}),
        jimmy(
            model,
            "frames-and-audio",
            {"first_frame": image, "last_frame": JPG2, "reference_audios": [MP3], "duration": 15},
            {"first_image": image, "last_image": JPG2, "reference_audios": [MP3], "duration": 15},
        ),
        jimmy(
            model,
            "references",
            {
                "reference_images": [image, JPG2],
                "reference_videos": [MP4],
                "reference_audios": [MP3],
                "resolution": "480p",
                "ratio": "16:9",
            },
            {
                "images": [image, JPG2],
                "reference_videos": [MP4],
                "reference_audios": [MP3],
                "resolution": "480p",
                "ratio": "16:9",
            },
        ),
    ]


def md(model: str) -> list[Any]:
    frames = {"first_frame": JPG, "last_frame": JPG2, "ratio": "1:1"}
    return [
        jimmy(model, "shortest", {"duration": 1}, {"duration": 1}),
        jimmy(model, "both-frames", frames, {"first_image": JPG, "last_image": JPG2, "ratio": "1:1"}),
        jimmy(
            model,
            "most-references",
            {"reference_images": [JPG] * 4, "reference_videos": [MP4] * 3, "duration": 15, "ratio": "9:16"},
            {"images": [JPG] * 4, "reference_videos": [MP4] * 3, "duration": 15, "ratio": "9:16"},
        ),
        jimmy(model, "longest-prompt", {"prompt": "x" * 5000}, {"prompt": "x" * 5000}),
    ]


JIMMY_CASES = [
    *(case for name in ("720p", "1080p", "2k", "4k") for case in full(f"sd2_mx_{name}", videos=False)),
    *(case for name in ("720p", "1080p") for case in full(f"sd2_mx_fast_{name}", videos=False)),
    *(case for name in ("720p", "1080p", "2k", "4k") for case in full(f"sd2_mx_video_{name}", videos=True)),
    *(case for name in ("720p", "1080p") for case in full(f"sd2_mx_video_fast_{name}", videos=True)),
    *by_resolution("seedance2.0-sp", "1080p"),
    *by_resolution("seedance2.0-sp", "720p", image=ASSET),
    *by_resolution("seedance2.0-fast-sp", "1080p"),
    *by_resolution("seedance2.0-of-sp", "1080p"),
    *by_resolution("seedance2.0-of-fast-sp", "480p", image=ASSET),
    *by_resolution("seedance2.0-mini", "1080p"),
    *by_resolution("seedance2.0-mini-720p-video", "720p"),
    *by_resolution("seedance2.0-mini-sp", "720p"),
    *md("seedance2.0-md"),
    *md("seedance2.0-fast-md"),
    # The two examples of the Fast I2V page, word for word, and its limit of nine images.
    jimmy(
        "seedance2.0-fast-i2v",
        "page-references",
        {"duration": 8, "ratio": "16:9", "reference_images": [JPG, JPG2]},
        {"duration": 8, "ratio": "16:9", "images": [JPG, JPG2]},
    ),
    jimmy(
        "seedance2.0-fast-i2v",
        "page-frames",
        {"ratio": "9:16", "first_frame": JPG, "last_frame": JPG2},
        {"ratio": "9:16", "first_image": JPG, "last_image": JPG2},
    ),
    jimmy("seedance2.0-fast-i2v", "nine-images", {"reference_images": [JPG] * 9}, {"images": [JPG] * 9}),
    jimmy("seedance2.0-fast-i2v", "one-frame", {"first_frame": JPG}, {"first_image": JPG}),
    jimmy("seedance2.0-std", "text", {"ratio": "21:9", "duration": 15}, {"ratio": "21:9", "duration": 15}),
    jimmy("seedance2.0-std", "first-frame", {"first_frame": JPG}, {"first_image": JPG}),
    jimmy(
        "seedance2.0-std",
        "most-references",
        {"reference_images": [JPG] * 9, "reference_videos": [MP4], "reference_audios": [MP3] * 3},
        {"images": [JPG] * 9, "reference_videos": [MP4], "reference_audios": [MP3] * 3},
    ),
    jimmy("seedance2.0-std", "empty-lists-stay-out", {"reference_images": [], "ratio": None}, {}),
    # `extra` is the way to the one documented field that has no word of ours.
    jimmy("seedance2.0-sp", "extra", {"extra": {"orientation": "portrait"}}, {"orientation": "portrait"}),
    jimmy("seedance2.0-sp", "extra-wins", {"duration": 5, "extra": {"duration": 7}}, {"duration": 7}),
]


def gmi(name: str, fields: Fields, payload: Fields | None = None, model: str = "seedance-2-0-fast-260128") -> Any:
    sent = fields if payload is None else payload
    body = {"model": model, "payload": {"prompt": "a paper boat"} | sent}
    return pytest.param({"model": model, "prompt": "a paper boat"} | fields, body, id=f"{model}-{name}")


GMI_RICH = {
    "duration": 15,
    "resolution": "1080p",
    "ratio": "adaptive",
    "seed": 4294967295,
    "watermark": True,
    "generate_audio": False,
    "web_search": True,
}
GMI_CASES = [
    gmi("least", {}, {}),
    gmi("all-options", GMI_RICH),
    gmi("all-options", GMI_RICH, model="seedance-2-0-260128"),
    gmi("falsehoods-and-zero-are-sent", {"seed": 0, "watermark": False, "web_search": False}),
    gmi("frames-are-plain-strings", {"first_frame": JPG, "last_frame": "http://files.example/b.jpg"}),
    gmi("references", {"reference_images": [JPG, JPG2], "reference_videos": [MP4], "reference_audios": [MP3]}),
    gmi(
        "assets-have-a-list-of-their-own",
        {"reference_images": [JPG, "asset://asset-1", "asset://asset-2"]},
        {"reference_images": [JPG], "reference_asset_ids": ["asset-1", "asset-2"]},
    ),
    gmi("assets-alone", {"reference_images": ["asset://asset-1"]}, {"reference_asset_ids": ["asset-1"]}),
    gmi("extra-goes-into-the-payload", {"extra": {"reference_asset_ids": ["x"]}}, {"reference_asset_ids": ["x"]}),
]


def modellix(model: str, name: str, fields: Fields, body: Fields) -> Any:
    sent = {"prompt": "a paper boat"} | body
    return pytest.param({"model": model, "prompt": "a paper boat"} | fields, sent, id=f"{model}-{name}")


MODELLIX_OPTIONS = {
    "duration": 15,
    "ratio": "21:9",
    "seed": -1,
    "generate_audio": False,
    "camera_fixed": True,
    "return_last_frame": True,
    "execution_expires_after": 3600,
}
MODELLIX_CASES = [
    modellix("seedance-2.0-t2v", "least", {}, {}),
    modellix("seedance-2.0-t2v", "all-options", *[MODELLIX_OPTIONS | {"resolution": "4k"}] * 2),
    modellix("seedance-2.0-fast-t2v", "all-options", *[MODELLIX_OPTIONS | {"resolution": "720p"}] * 2),
    modellix("seedance-2.0-mini-t2v", "all-options", *[MODELLIX_OPTIONS | {"resolution": "480p"}] * 2),
    *(
        modellix(
            model,
            "frames-and-audio",
            {"first_frame": JPG, "last_frame": DATA, "reference_audios": [MP3] * 3, "resolution": resolution},
            {"first_frame_image": JPG, "last_frame_image": DATA, "audio_urls": [MP3] * 3, "resolution": resolution},
        )
        for model, resolution in (
            ("seedance-2.0-i2v", "1080p"),
            ("seedance-2.0-fast-i2v", "720p"),
            ("seedance-2.0-mini-i2v", "480p"),
        )
    ),
    modellix("seedance-2.0-fast-i2v", "nine", *[{"reference_images": [JPG] * 8 + [DATA], **MODELLIX_OPTIONS}] * 2),
    *(
        modellix(
            model,
            "videos",
            {"reference_videos": [MP4] * 3, "reference_images": [JPG], "reference_audios": [MP3]},
            {"video_urls": [MP4] * 3, "reference_images": [JPG], "audio_urls": [MP3]},
        )
        for model in ("seedance-2.0-v2v", "seedance-2.0-fast-v2v", "seedance-2.0-mini-v2v")
    ),
    modellix("seedance-2.0-t2v", "longest-prompt", {"prompt": "x" * 10000}, {"prompt": "x" * 10000}),
    modellix("seedance-2.0-t2v", "extra-wins", {"seed": 1, "extra": {"seed": 2}}, {"seed": 2}),
]


def ark(name: str, fields: Fields, media: list[Fields], body: Fields, model: str = "seedance-2-0-260128") -> Any:
    return pytest.param(model, fields, media, body, id=f"{model}-{name}")


def image(url: str, role: str) -> Fields:
    return {"type": "image_url", "image_url": {"url": url}, "role": role}


ARK_OPTIONS = {
    "duration": 15,
    "resolution": "4k",
    "ratio": "adaptive",
    "seed": 7,
    "generate_audio": False,
    "watermark": True,
    "return_last_frame": True,
    "execution_expires_after": 259200,
}
ARK_CASES = [
    ark("least", {}, [], {}),
    ark("all-options", ARK_OPTIONS, [], ARK_OPTIONS),
    ark(
        "fast",
        *({"resolution": "720p", "ratio": "16:9", "duration": 5, "generate_audio": True, "watermark": False}, []),
        {"resolution": "720p", "ratio": "16:9", "duration": 5, "generate_audio": True, "watermark": False},
        model="seedance-2-0-fast-260128",
    ),
    ark("mini", {"resolution": "480p"}, [], {"resolution": "480p"}, model="seedance-2-0-mini-260615"),
    ark("first-frame", {"first_frame": ASSET}, [image(ASSET, "first_frame")], {}),
    ark(
        "both-frames-and-callback",
        {
            "first_frame": JPG,
            "last_frame": DATA,
            "duration": 5,
            "return_last_frame": True,
            "extra": {"callback_url": "https://hooks.example/ark?t=secret"},
        },
        [image(JPG, "first_frame"), image(DATA, "last_frame")],
        {"duration": 5, "return_last_frame": True, "callback_url": "https://hooks.example/ark?t=secret"},
    ),
    ark(
        "references-and-the-model-chooses-the-duration",
        {"reference_images": [JPG], "reference_audios": [MP3], "duration": -1},
        [
            image(JPG, "reference_image"),
            {"type": "audio_url", "audio_url": {"url": MP3}, "role": "reference_audio"},
        ],
        {"duration": -1},
    ),
    ark(
        "most-references",
        {"reference_images": [JPG] * 9, "reference_videos": [MP4] * 3, "reference_audios": [MP3] * 3},
        [
            *[image(JPG, "reference_image")] * 9,
            *[{"type": "video_url", "video_url": {"url": MP4}, "role": "reference_video"}] * 3,
            *[{"type": "audio_url", "audio_url": {"url": MP3}, "role": "reference_audio"}] * 3,
        ],
        {},
    ),
    ark("web-search", {"web_search": True}, [], {"tools": [{"type": "web_search"}]}),
    ark("no-web-search-is-no-tool", {"web_search": False}, [], {}),
    ark(
        "extra",
        *({"extra": {"priority": 9, "safety_identifier": "dag-1"}}, []),
        {"priority": 9, "safety_identifier": "dag-1"},
    ),
]


def assert_received(sim: Simulator, vendor: str, path: str, body: Fields) -> None:
    (request,) = sim.requests
    assert (request.vendor, request.method, request.path, request.query) == (vendor, "POST", path, [])
    assert request.json == body
    assert request.headers["authorization"] == f"Bearer {sim.api_key}"
    assert request.headers["content-type"] == "application/json"
    assert [bill.vendor for bill in sim.ledger] == [vendor]


@pytest.mark.parametrize(("fields", "body"), JIMMY_CASES)
def test_jimmy_ai_gets_each_route_as_its_pages_say(
    sim: Simulator, connect: OpenClient, fields: Fields, body: Fields
) -> None:
    video = connect("jimmyai").create_video(fields)
    assert_received(sim, "jimmyai", JIMMY, body)
    assert (video.video_id, video.model, video.status) == (sim.ledger[0].video_id, body["model"], VideoStatus.QUEUED)


@pytest.mark.parametrize(("fields", "body"), GMI_CASES)
def test_gmi_cloud_gets_a_model_and_a_payload(
    sim: Simulator, connect: OpenClient, fields: Fields, body: Fields
) -> None:
    video = connect("gmicloud").create_video(fields)
    assert_received(sim, "gmicloud", "/api/v1/ie/requestqueue/apikey/requests", body)
    assert (video.video_id, video.model, video.status) == (sim.ledger[0].video_id, body["model"], VideoStatus.QUEUED)


@pytest.mark.parametrize("organization", ["org-1", None])
def test_gmi_cloud_learns_the_organization_only_if_there_is_one(
    sim: Simulator, connect: OpenClient, organization: str | None
) -> None:
    client = connect("gmicloud", options={"gmicloud_organization_id": organization})
    video = client.create_video(SIMPLE["gmicloud"])
    client.get_video(video.video_id)
    client.list_videos(model="seedance-2-0-fast-260128")
    client.probe()
    assert [request.headers.get("x-organization-id") for request in sim.requests] == [organization] * 4


@pytest.mark.parametrize(("fields", "body"), MODELLIX_CASES)
@pytest.mark.parametrize("suffix", ["/async", ""], ids=["async-suffix", "no-suffix"])
def test_modellix_gets_the_model_in_the_path(
    sim: Simulator, connect: OpenClient, fields: Fields, body: Fields, suffix: str
) -> None:
    client = connect("modellix", options={"modellix_async_suffix": bool(suffix)})
    video = client.create_video(fields)
    assert_received(sim, "modellix", f"/api/v1/bytedance/{fields['model']}{suffix}", body)
    assert (video.video_id, video.model, video.status) == (sim.ledger[0].video_id, fields["model"], VideoStatus.QUEUED)


@pytest.mark.parametrize(("model", "fields", "media", "body"), ARK_CASES)
@pytest.mark.parametrize(("vendor", "prefix"), [("byteplus", "dreamina-"), ("volcengine", "doubao-")])
def test_ark_gets_content_with_roles_beside_the_urls(
    sim: Simulator,
    connect: OpenClient,
    vendor: str,
    prefix: str,
    model: str,
    fields: Fields,
    media: list[Fields],
    body: Fields,
) -> None:
    name = prefix + model
    video = connect(vendor).create_video({"model": name, "prompt": "a paper boat"} | fields)
    content = [{"type": "text", "text": "a paper boat"}, *media]
    assert_received(sim, vendor, "/api/v3/contents/generations/tasks", {"model": name, "content": content} | body)
    assert (video.video_id, video.model, video.status) == (sim.ledger[0].video_id, name, VideoStatus.QUEUED)


def test_an_endpoint_id_is_a_model_at_ark(sim: Simulator, connect: OpenClient) -> None:
    connect("byteplus").create_video({"model": "ep-20261120-abcde", "prompt": "a paper boat"})
    assert sim.creates("byteplus")[0].json["model"] == "ep-20261120-abcde"
    assert len(sim.ledger) == 1


@pytest.mark.parametrize(
    ("vendor", "ratio", "resolution", "sent"),
    [
        pytest.param("byteplus", "Adaptive", "4K", ("adaptive", "4k"), id="byteplus"),
        pytest.param("gmicloud", "Adaptive", "720P", ("adaptive", "720p"), id="gmicloud"),
        pytest.param("jimmyai", "ADAPTIVE", None, ("Adaptive", None), id="jimmyai"),
    ],
)
def test_a_word_in_other_letters_is_sent_as_the_vendor_spells_it(
    sim: Simulator, connect: OpenClient, vendor: str, ratio: str, resolution: str | None, sent: tuple[str, str | None]
) -> None:
    models = {"byteplus": "dreamina-seedance-2-0-260128", "jimmyai": "sd2_mx_720p"}
    model = models.get(vendor, SIMPLE[vendor]["model"])
    connect(vendor).create_video({**SIMPLE[vendor], "model": model, "ratio": ratio, "resolution": resolution})
    body = sim.creates(vendor)[0].json
    body = body.get("payload", body)
    assert (body.get("ratio"), body.get("resolution")) == sent


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_key_is_trimmed_and_the_base_url_may_end_in_a_slash(
    sim: Simulator, connect: OpenClient, vendor: str
) -> None:
    connect(vendor, key=f"  {sim.api_key}\n", base_url=sim.base_url(vendor) + "/").create_video(SIMPLE[vendor])
    assert len(sim.ledger) == 1


def test_a_prompt_in_any_script_arrives_unharmed(sim: Simulator, connect: OpenClient) -> None:
    prompt = '雨中的纸船 🚤 „quoted“ \\ "and"\nnew line'
    connect("byteplus").create_video({**SIMPLE["byteplus"], "prompt": prompt})
    assert sim.creates()[0].json["content"] == [{"type": "text", "text": prompt}]
