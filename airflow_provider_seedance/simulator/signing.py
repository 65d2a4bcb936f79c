"""Signed URLs of rendered files, in the style of each vendor's storage, with an expiry."""

import calendar
import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from airflow_provider_seedance.simulator.state import World
from airflow_provider_seedance.simulator.videos import SimulatedVideo

_STAMP = "%Y%m%dT%H%M%SZ"


def _signature(secret: bytes, path: str, *parts: str) -> str:
    return hmac.new(secret, "\n".join((path, *parts)).encode(), hashlib.sha256).hexdigest()


def expires_at(world: World, video: SimulatedVideo) -> float:
    """The Unix time at which the video's URLs expire: retention counts from its end, whenever they were signed."""
    return (video.completed_at or world.clock.now()) + world.retention[video.vendor]


def sign(world: World, origin: str, video: SimulatedVideo, suffix: str) -> str:
    """Sign a new absolute URL.

    :param world: the simulator's state
    :param origin: scheme and host as the caller used them
    :param video: the video
    :param suffix: ``mp4`` or ``mov``, ``png`` (last frame) or ``jpg`` (thumbnail)
    """
    path = f"/media/{video.vendor}/{video.id}.{suffix}"
    now, end = int(world.clock.now()), int(expires_at(world, video))
    if prefix := world.vendors[video.vendor].signature_prefix:
        signed = min(now, end)
        date, left = time.strftime(_STAMP, time.gmtime(signed)), str(end - signed)
        query = {f"{prefix}Date": date, f"{prefix}Expires": left}
        query[f"{prefix}Signature"] = _signature(world.secret, path, date, left)
    else:
        query = {"Expires": str(end), "Signature": _signature(world.secret, path, str(end))}
    return f"{origin}{path}?{urlencode(query)}"


def refusal(world: World, vendor: str, path: str, query: Mapping[str, str]) -> str | None:
    """The reason to refuse a URL, such as "AccessDenied: ..."; ``None`` if its signature is valid."""
    try:
        if prefix := world.vendors[vendor].signature_prefix:
            date, left = query[f"{prefix}Date"], query[f"{prefix}Expires"]
            given, wanted = query[f"{prefix}Signature"], _signature(world.secret, path, date, left)
            end = calendar.timegm(time.strptime(date, _STAMP)) + int(left)
        else:
            given, wanted = query["Signature"], _signature(world.secret, path, query["Expires"])
            end = int(query["Expires"])
    except (KeyError, ValueError):
        return "AccessDenied: the URL carries no complete signature"
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        return "SignatureDoesNotMatch: the URL was not signed here"
    return "AccessDenied: Request has expired" if world.clock.now() >= end else None
