"""The one table of what each vendor makes of each field of a request: the body to the letter, or nothing at all.

Typed from the vendors' documents, not from the adapters. A field that no route of a vendor takes is `None`: then the
refusal has to name every vendor that has a row for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROMPT = "a paper boat"
IMAGE, IMAGE_2 = "https://files.example/a.jpg", "https://files.example/b.jpg"
VIDEO, SOUND = "https://files.example/c.mp4", "https://files.example/d.mp3"
DRAFT = "<the id of a finished draft>"
"""In place of an id that only the simulator knows."""
TASK_UUID = "0b0a3b62-6d1c-4c0a-9f52-7b9a2a1f5d10"
"""The id that a caller of Runware's chooses."""

Body = Any


@dataclass(frozen=True)
class Sent:
    """A request, and what reaches the vendor.

    :param fields: the request.
    :param path: below the base URL.
    :param body: the JSON.
    """

    fields: Mapping[str, Any]
    path: str
    body: Body


Row = Sent | None

REFUSED_VALUES: dict[str, Any] = {
    "reference_audios": [SOUND],
    "seed": 7,
    "generate_audio": True,
    "watermark": True,
    "camera_fixed": True,
    "return_last_frame": True,
    "web_search": True,
    "execution_expires_after": 3600,
    "task": "edit",
    "draft": True,
    "draft_id": "draft-1",
    "output_format": "mov",
}
"""Something to ask for, by field, where a vendor takes none."""


def ark(prefix: str) -> dict[str, Row]:
    old, new = f"{prefix}-seedance-2-0-260128", f"{prefix}-seedance-2-5-260628"
    text = {"type": "text", "text": PROMPT}

    def item(kind: str, role: str, url: str) -> dict[str, Any]:
        return {"type": kind, kind: {"url": url}, "role": role}

    def row(fields: dict[str, Any], *content: dict[str, Any], model: str = old, **body: Any) -> Sent:
        asked = {"model": model, "prompt": PROMPT} | fields
        return Sent(asked, "/contents/generations/tasks", {"model": model, "content": [text, *content]} | body)

    first, last = item("image_url", "first_frame", IMAGE), item("image_url", "last_frame", IMAGE_2)
    image, video = item("image_url", "reference_image", IMAGE), item("video_url", "reference_video", VIDEO)
    sound = item("audio_url", "reference_audio", SOUND)
    final = {"type": "draft_task", "draft_task": {"id": DRAFT}}
    edit: dict[str, Any] = {"reference_videos": [VIDEO], "ratio": "adaptive", "duration": -1}
    return {
        "model": row({}, model=new),
        "prompt": row({}),
        "duration": row({"duration": 30}, model=new, duration=30),
        "resolution": row({"resolution": "4K"}, resolution="4k"),
        "ratio": row({"ratio": "Adaptive"}, ratio="adaptive"),
        "first_frame": row({"first_frame": IMAGE, "ratio": "adaptive"}, first, model=new, ratio="adaptive"),
        "last_frame": row({"first_frame": IMAGE, "last_frame": IMAGE_2}, first, last),
        "reference_images": row({"reference_images": [IMAGE] * 30}, *[image] * 30, model=new),
        "reference_videos": row({"reference_videos": [VIDEO] * 10}, *[video] * 10, model=new),
        "reference_audios": row({"reference_audios": [SOUND] * 10}, *[sound] * 10, model=new),
        "seed": row({"seed": 7}, seed=7),
        "generate_audio": row({"generate_audio": False}, generate_audio=False),
        "watermark": row({"watermark": True}, watermark=True),
        "camera_fixed": None,
        "return_last_frame": row({"return_last_frame": True}, return_last_frame=True),
        "web_search": row({"web_search": True}, tools=[{"type": "web_search"}]),
        "execution_expires_after": row({"execution_expires_after": 3600}, execution_expires_after=3600),
        "task": row(
            *({"task": "Edit"} | edit, video),
            model=new,
            ratio="adaptive",
            duration=-1,
            omni_reference_task_type="edit",
        ),
        "draft": row({"draft": True}, model=new, draft=True),
        "draft_id": Sent(
            {"model": new, "draft_id": DRAFT, "resolution": "1080p"},
            "/contents/generations/tasks",
            {"model": new, "content": [final], "resolution": "1080p"},
        ),
        "output_format": row({"output_format": "MOV"}, model=new, output_format="mov"),
        "extra": row({"extra": {"priority": 9}}, priority=9),
    }


def jimmyai() -> dict[str, Row]:
    def row(fields: dict[str, Any], *, model: str = "seedance2.0-sp", path: str = "", **body: Any) -> Sent:
        common = {"model": model, "prompt": PROMPT}
        where = path or "/api/open-api/v1/seedance/videos"
        return Sent(common | fields, where, common | {"duration": 5} | body)

    newer = {"model": "seedance-2.5-sp", "path": "/api/open-api/v1/seedance25/videos"}
    return {
        "model": row({}, **newer),
        "prompt": row({}, model="seedance2.0-gz-720p"),
        "duration": row({"duration": 30}, **newer, duration=30),
        "resolution": row({"resolution": "1080p"}, resolution="1080p"),
        "ratio": row({"ratio": "adaptive"}, model="sd2_mx_720p", ratio="Adaptive"),
        "first_frame": row({"first_frame": IMAGE}, first_image=IMAGE),
        "last_frame": row(
            {"first_frame": IMAGE, "last_frame": IMAGE_2}, first_image=IMAGE, last_image=IMAGE_2, model="seedance2.0-md"
        ),
        "reference_images": row({"reference_images": [IMAGE] * 30}, **newer, images=[IMAGE] * 30),
        "reference_videos": row(
            {"reference_videos": [VIDEO]}, reference_videos=[VIDEO], model="seedance2.0-mini-video"
        ),
        "reference_audios": row(
            {"reference_images": [IMAGE] * 9, "reference_audios": [SOUND] * 3},
            images=[IMAGE] * 9,
            reference_audios=[SOUND] * 3,
            model="seedance2.0-gz-720p",
        ),
        "generate_audio": row({"generate_audio": False}, generate_audio=False, model="sd2-933-720p"),
        "extra": row({"extra": {"orientation": "portrait"}}, orientation="portrait"),
        **dict.fromkeys(("seed", "watermark", "camera_fixed", "return_last_frame", "web_search")),
        **dict.fromkeys(("execution_expires_after", "task", "draft", "draft_id", "output_format")),
    }


def gmicloud() -> dict[str, Row]:
    def row(fields: dict[str, Any], model: str = "seedance-2-0-260128", **payload: Any) -> Sent:
        asked = {"model": model, "prompt": PROMPT} | fields
        return Sent(asked, "/requests", {"model": model, "payload": {"prompt": PROMPT} | payload})

    same: dict[str, Any] = {
        "duration": 15,
        "resolution": "1080p",
        "ratio": "adaptive",
        "first_frame": IMAGE,
        "seed": 7,
        "generate_audio": False,
        "watermark": True,
        "web_search": True,
        "reference_videos": [VIDEO],
        "reference_audios": [SOUND],
    }
    return {
        **{name: row({name: value}, **{name: value}) for name, value in same.items()},
        "model": row({}, model="seedance-2-5-260628"),
        "prompt": row({}),
        "last_frame": row({"first_frame": IMAGE, "last_frame": IMAGE_2}, first_frame=IMAGE, last_frame=IMAGE_2),
        "reference_images": row(
            {"reference_images": [IMAGE, "asset://a-1"]}, reference_images=[IMAGE], reference_asset_ids=["a-1"]
        ),
        "extra": row({"extra": {"reference_asset_ids": ["x"]}}, reference_asset_ids=["x"]),
        **dict.fromkeys(("camera_fixed", "return_last_frame", "execution_expires_after")),
        **dict.fromkeys(("task", "draft", "draft_id", "output_format")),
    }


def modellix() -> dict[str, Row]:
    def row(kind: str, fields: dict[str, Any], **body: Any) -> Sent:
        asked = {"model": f"seedance-2.0-{kind}", "prompt": PROMPT} | fields
        return Sent(asked, f"/bytedance/seedance-2.0-{kind}/async", {"prompt": PROMPT} | body)

    same: dict[str, Any] = {
        "duration": 15,
        "resolution": "4k",
        "ratio": "21:9",
        "seed": -1,
        "generate_audio": False,
        "camera_fixed": True,
        "return_last_frame": True,
        "execution_expires_after": 3600,
    }
    return {
        **{name: row("t2v", {name: value}, **{name: value}) for name, value in same.items()},
        "model": row("mini-t2v", {}),
        "prompt": row("t2v", {}),
        "first_frame": row("i2v", {"first_frame": IMAGE}, first_frame_image=IMAGE),
        "last_frame": row("i2v", {"last_frame": IMAGE}, last_frame_image=IMAGE),
        "reference_images": row("i2v", {"reference_images": [IMAGE] * 9}, reference_images=[IMAGE] * 9),
        "reference_videos": row("v2v", {"reference_videos": [VIDEO] * 3}, video_urls=[VIDEO] * 3),
        "reference_audios": row("i2v", {"reference_audios": [SOUND] * 3}, audio_urls=[SOUND] * 3),
        "extra": row("t2v", {"seed": 1, "extra": {"seed": 2}}, seed=2),
        **dict.fromkeys(("watermark", "web_search", "task", "draft", "draft_id", "output_format")),
    }


def fal() -> dict[str, Row]:
    old, new = "bytedance/seedance-2.0", "bytedance/seedance-2.5"
    text, image, reference = "text-to-video", "image-to-video", "reference-to-video"

    def row(kind: str, fields: dict[str, Any], model: str = old, **body: Any) -> Sent:
        return Sent({"model": model, "prompt": PROMPT} | fields, f"/{model}/{kind}", {"prompt": PROMPT} | body)

    return {
        "model": row(text, {}, new),
        "prompt": row(text, {}),
        "duration": row(text, {"duration": 30}, new, duration="30"),
        "resolution": row(text, {"resolution": "4K"}, resolution="4k"),
        "ratio": row(text, {"ratio": "adaptive"}, aspect_ratio="auto"),
        "first_frame": row(image, {"first_frame": IMAGE}, image_url=IMAGE),
        "last_frame": row(image, {"first_frame": IMAGE, "last_frame": IMAGE_2}, image_url=IMAGE, end_image_url=IMAGE_2),
        "reference_images": row(reference, {"reference_images": [IMAGE] * 30}, new, image_urls=[IMAGE] * 30),
        "reference_videos": row(reference, {"reference_videos": [VIDEO] * 10}, new, video_urls=[VIDEO] * 10),
        "reference_audios": row(reference, {"reference_audios": [SOUND] * 10}, new, audio_urls=[SOUND] * 10),
        "seed": row(text, {"seed": 7}, seed=7),
        "generate_audio": row(text, {"generate_audio": False}, generate_audio=False),
        "task": row(
            reference, {"task": "extend", "reference_videos": [VIDEO]}, new, video_urls=[VIDEO], task="extension"
        ),
        "draft": row(text, {"draft": True}, new, draft=True),
        "draft_id": Sent({"model": new, "draft_id": DRAFT}, f"/{new}/draft/complete", {"draft_id": DRAFT}),
        "extra": row(text, {"extra": {"bitrate_mode": "high"}}, bitrate_mode="high"),
        **dict.fromkeys(("watermark", "camera_fixed", "return_last_frame", "web_search")),
        **dict.fromkeys(("execution_expires_after", "output_format")),
    }


def openrouter() -> dict[str, Row]:
    def row(fields: dict[str, Any], model: str = "bytedance/seedance-2.0", **body: Any) -> Sent:
        common = {"model": model, "prompt": PROMPT}
        return Sent(common | fields, "/videos", common | body)

    def part(kind: str, url: str, **more: str) -> dict[str, Any]:
        return {"type": kind, kind: {"url": url}, **more}

    first = part("image_url", IMAGE, frame_type="first_frame")
    last = part("image_url", IMAGE_2, frame_type="last_frame")
    return {
        "model": row({}, model="bytedance/seedance-2.5"),
        "prompt": row({}),
        "duration": row({"duration": 30}, model="bytedance/seedance-2.5", duration=30),
        "resolution": row({"resolution": "4k"}, resolution="4K"),
        "ratio": row({"ratio": "21:9"}, aspect_ratio="21:9"),
        "first_frame": row({"first_frame": IMAGE}, frame_images=[first]),
        "last_frame": row({"first_frame": IMAGE, "last_frame": IMAGE_2}, frame_images=[first, last]),
        "reference_images": row({"reference_images": [IMAGE]}, input_references=[part("image_url", IMAGE)]),
        "reference_videos": row({"reference_videos": [VIDEO]}, input_references=[part("video_url", VIDEO)]),
        "reference_audios": row(
            {"reference_videos": [VIDEO], "reference_audios": [SOUND]},
            input_references=[part("video_url", VIDEO), part("audio_url", SOUND)],
        ),
        "seed": row({"seed": 7}, seed=7),
        "generate_audio": row({"generate_audio": False}, generate_audio=False),
        "extra": row({"extra": {"callback_url": "https://h.example"}}, callback_url="https://h.example"),
        **dict.fromkeys(("watermark", "camera_fixed", "return_last_frame", "web_search")),
        **dict.fromkeys(("execution_expires_after", "task", "draft", "draft_id", "output_format")),
    }


def replicate() -> dict[str, Row]:
    old, new = "bytedance/seedance-2.0", "bytedance/seedance-2.5"

    def row(fields: dict[str, Any], model: str = old, **given: Any) -> Sent:
        asked = {"model": model, "prompt": PROMPT} | fields
        return Sent(asked, f"/models/{model}/predictions", {"input": {"prompt": PROMPT} | given})

    return {
        "model": row({}, new),
        "prompt": row({}),
        "duration": row({"duration": 30}, new, duration=30),
        "resolution": row({"resolution": "1080p"}, resolution="1080p"),
        "ratio": row({"ratio": "adaptive"}, aspect_ratio="adaptive"),
        "first_frame": row({"first_frame": IMAGE}, image=IMAGE),
        "last_frame": row({"first_frame": IMAGE, "last_frame": IMAGE_2}, image=IMAGE, last_frame_image=IMAGE_2),
        "reference_images": row({"reference_images": [IMAGE] * 30}, new, reference_images=[IMAGE] * 30),
        "reference_videos": row({"reference_videos": [VIDEO] * 10}, new, reference_videos=[VIDEO] * 10),
        "reference_audios": row(
            {"reference_videos": [VIDEO], "reference_audios": [SOUND] * 3},
            reference_videos=[VIDEO],
            reference_audios=[SOUND] * 3,
        ),
        "seed": row({"seed": 7}, seed=7),
        "generate_audio": row({"generate_audio": False}, generate_audio=False),
        "watermark": row({"watermark": True}, new, watermark=True),
        # It is sent in a header, `Cancel-After`.
        "execution_expires_after": row({"execution_expires_after": 3600}),
        "output_format": row({"output_format": "mov"}, new, output_format="mov"),
        "extra": row({"extra": {"seed": 8}}, seed=8),
        **dict.fromkeys(("camera_fixed", "return_last_frame", "web_search", "task", "draft", "draft_id")),
    }


def runware() -> dict[str, Row]:
    old, new = "bytedance:seedance@2.0", "bytedance:seedance@2.5"

    def row(fields: dict[str, Any], model: str = old, container: str = "MP4", **task: Any) -> Sent:
        asked = {"model": model, "prompt": PROMPT, "extra": {"taskUUID": TASK_UUID}} | fields
        body = {"taskType": "videoInference", "taskUUID": TASK_UUID, "model": model, "positivePrompt": PROMPT, **task}
        fixed = {"deliveryMethod": "async", "outputType": "URL", "outputFormat": container, "numberResults": 1}
        return Sent(asked, "", [{**body, **fixed, "includeCost": True} | asked["extra"]])

    first, last = {"image": IMAGE, "frame": "first"}, {"image": IMAGE_2, "frame": "last"}
    edit = {"task": "edit", "reference_videos": [VIDEO], "duration": -1, "resolution": "720p"}
    return {
        "model": row({}, new),
        "prompt": row({}),
        "duration": row({"duration": 30}, new, duration=30),
        "resolution": row({"resolution": "4k"}, resolution="4k"),
        "ratio": row({"resolution": "720p", "ratio": "9:16"}, width=720, height=1280),
        "first_frame": row({"first_frame": IMAGE}, inputs={"frameImages": [first]}),
        "last_frame": row({"first_frame": IMAGE, "last_frame": IMAGE_2}, inputs={"frameImages": [first, last]}),
        "reference_images": row({"reference_images": [IMAGE] * 30}, new, inputs={"referenceImages": [IMAGE] * 30}),
        "reference_videos": row({"reference_videos": [VIDEO] * 10}, new, inputs={"referenceVideos": [VIDEO] * 10}),
        "reference_audios": row({"reference_audios": [SOUND] * 10}, new, inputs={"referenceAudios": [SOUND] * 10}),
        "seed": row({"seed": 7}, seed=7),
        "generate_audio": row({"generate_audio": False}, settings={"audio": False}),
        "task": row(edit, new, duration="auto", resolution="720p", inputs={"video": VIDEO}),
        "output_format": row({"output_format": "mov"}, container="MOV"),
        "extra": row({"extra": {"taskUUID": TASK_UUID, "ttl": 86400}}),
        **dict.fromkeys(("watermark", "camera_fixed", "return_last_frame", "web_search")),
        **dict.fromkeys(("execution_expires_after", "draft", "draft_id")),
    }


WORDS: dict[str, dict[str, Row]] = {
    "byteplus": ark("dreamina"),
    "volcengine": ark("doubao"),
    "jimmyai": jimmyai(),
    "gmicloud": gmicloud(),
    "modellix": modellix(),
    "fal": fal(),
    "openrouter": openrouter(),
    "replicate": replicate(),
    "runware": runware(),
}
"""By vendor and field."""
