"""The last check of a client's results and errors: they hold no key, prompt or signed URL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from airflow_provider_seedance.api.assets import MediaAsset
from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceError
from airflow_provider_seedance.api.http.json_values import MOST_DEPTH, Sound
from airflow_provider_seedance.api.http.texts import LONGEST_CODE, clean
from airflow_provider_seedance.api.models import Video, VideoError
from airflow_provider_seedance.api.vendors.video_adapter import VideoPage

T = TypeVar("T")

_MOST_VALUES = 5000


def scrubbed(value: T, scrub: Callable[[str], str]) -> T:
    """The result of a call, scrubbed. Only texts from the vendor can hold a secret, and most videos have none.

    :param value: the result.
    :param scrub: removes secrets from a text.
    """
    return cast("T", _scrubbed(value, scrub))


def _scrubbed(value: Any, scrub: Callable[[str], str]) -> Any:
    if isinstance(value, Video):
        return _videos([value], scrub)[0]
    if isinstance(value, list):
        return _videos(value, scrub)
    if isinstance(value, VideoPage):
        return VideoPage(tuple(_videos(value.videos, scrub)), value.has_more)
    if isinstance(value, MediaAsset):
        words = {name: getattr(value, name) for name in ("reason", "undocumented_status")}
        said = {name: clean(scrub(text)) for name, text in words.items() if text}
        return value.model_copy(update=said) if said else value
    if isinstance(value, str):
        return clean(scrub(value))
    if isinstance(value, dict):
        sound = Sound(lambda text: clean(scrub(text)), most_depth=MOST_DEPTH, most_values=_MOST_VALUES)
        return sound.mapping(value)
    return value


def _videos(videos: Iterable[Video], scrub: Callable[[str], str]) -> list[Video]:
    return [
        video if video.error is None and video.undocumented_status is None else _video(video, scrub) for video in videos
    ]


def _video(video: Video, scrub: Callable[[str], str]) -> Video:
    changes: dict[str, Any] = {}
    if video.error is not None:
        code, message = (scrub(text or "") for text in (video.error.code, video.error.message))
        blames = video.error.blames_request
        changes["error"] = VideoError(code=code or None, message=message, blames_request=blames)
    if video.undocumented_status is not None:
        changes["undocumented_status"] = clean(scrub(video.undocumented_status), LONGEST_CODE)
    return video.model_copy(update=changes)


def scrubbed_error(error: SeedanceError, scrub: Callable[[str], str], hint: str = "") -> SeedanceError:
    """The same error, scrubbed. Adapters have scrubbed their quotes; here the whole is searched for the key again.

    :param error: the error.
    :param scrub: removes only the key: our own sentences may contain words of the prompt.
    :param hint: a sentence to add.
    """
    message = scrub(str(error))
    error.args = (f"{message} {hint}".strip(),)
    if isinstance(error, SeedanceApiError):
        error.code, error.request_id = (text and scrub(text) for text in (error.code, error.request_id))
    return error
