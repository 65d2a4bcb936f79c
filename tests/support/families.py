"""The one table of what each vendor makes of each model family: path and body to the letter, or nothing at all.

The names are typed from the vendors' documents, not from the descriptors.
"""

from __future__ import annotations

from typing import Any

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
"""What a vendor doesn't sell."""
