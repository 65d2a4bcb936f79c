"""Serves the rendered files, with signatures, ranges and HEAD. A file is rendered in a thread when first requested."""

import asyncio
import re
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.dispatch import BAD_GATEWAY, page_of
from airflow_provider_seedance.simulator.faults import Fault
from airflow_provider_seedance.simulator.media import INSTALL
from airflow_provider_seedance.simulator.state import World
from airflow_provider_seedance.simulator.videos import SimulatedVideo

TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "png": "image/png", "jpg": "image/jpeg"}
_NAME = re.compile(r"/media/(?P<vendor>[a-z0-9_]+)/(?P<id>[\w/.-]+)\.(?P<suffix>mp4|mov|png|jpg)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
#: HTTP status by fault kind, for faults that make a download an HTTP error. Others are handled during the transfer.
STATUS = {
    "http_429": 429,
    "http_500": 500,
    "http_500_after": 500,
    "http_502_html": 502,
    "http_502_html_after": 502,
    "http_503": 503,
    "auth": 403,
}


def _refuse(status: int, text: str) -> Response:
    code, _, message = text.partition(": ")
    body = f"<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>\n"
    return Response(body, status, media_type="application/xml")


def span_of(header: str | None, size: int) -> tuple[int, int] | None:
    """The byte range that a Range header asks for.

    :param header: the header's value
    :param size: the file's size in bytes
    :return: first and last byte; ``None`` for the whole file, also if the header is malformed
    :raises ValueError: if the range is outside the file
    """
    match = _RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size - 1
        if int(last) == 0:
            raise ValueError("an empty range")
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    if start >= size:
        raise ValueError("the range starts behind the end")
    return None if end < start else (start, end)


class Files:
    """The rendered files of one simulator.

    :param world: the simulator's state
    :param room: bytes in the cache, default 256 MiB; the least recently used file is dropped first, and rendered again
        when requested
    """

    def __init__(self, world: World, room: int = 256 * 1024 * 1024) -> None:
        self._world, self._room = world, room
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._under_way: dict[tuple[str, str], asyncio.Future[bytes]] = {}
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="seedance-render")

    def close(self) -> None:
        """Stop rendering."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def respond(self, request: Request, vendor: str, fault: Fault | None) -> Response:
        """The answer to one download."""
        if fault and fault.kind == "stranger_page":
            page = page_of(fault)
            return Response(page.body, page.status, media_type=page.content_type)
        if fault and (status := STATUS.get(fault.kind) or int(fault.options.get("status", 0))):
            if status == 502:
                return Response(BAD_GATEWAY, 502, media_type="text/html")
            return _refuse(status, "InternalError: the simulator was told to fail")
        if request.method not in ("GET", "HEAD"):
            return _refuse(405, "MethodNotAllowed: GET or HEAD")
        name = _NAME.fullmatch(request.url.path)
        video = self._world.find(vendor, name["id"]) if name else None
        if name is None or video is None:
            return _refuse(404, "NoSuchKey: no such file")
        if reason := signing.refusal(self._world, vendor, request.url.path, request.query_params):
            return _refuse(403, reason)
        try:
            content = await self._content(video, name["suffix"])
        except ModuleNotFoundError as error:
            return _refuse(501, f"NotImplemented: rendering needs {error.name}: {INSTALL}")
        return self._ranged(request, content, TYPES[name["suffix"]])

    def _ranged(self, request: Request, content: bytes, content_type: str) -> Response:
        headers = {"Accept-Ranges": "bytes"}
        try:
            span = span_of(request.headers.get("range"), len(content))
        except ValueError:
            headers["Content-Range"] = f"bytes */{len(content)}"
            return Response(status_code=416, headers=headers)
        status = 200
        if span:
            headers["Content-Range"] = f"bytes {span[0]}-{span[1]}/{len(content)}"
            content, status = content[span[0] : span[1] + 1], 206
        if request.method == "HEAD":
            headers["Content-Length"], content = str(len(content)), b""
        return Response(content, status, headers, content_type)

    async def _content(self, video: SimulatedVideo, suffix: str) -> bytes:
        key = (video.id, suffix)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._under_way:
            loop = asyncio.get_running_loop()
            self._under_way[key] = loop.run_in_executor(self._pool, _render, video, suffix)
        try:
            # Shielded: several downloads may wait for one rendering, and a cancelled one must not stop it for the rest.
            content = await asyncio.shield(self._under_way[key])
        finally:
            self._under_way.pop(key, None)
        self._kept[key] = content
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > self._room:
            self._kept.popitem(last=False)
        return content


def _render(video: SimulatedVideo, suffix: str) -> bytes:
    # Imported late: the simulator must start fast, and must answer API calls without the media libraries.
    from airflow_provider_seedance.simulator.media import render

    return render.video_file(video) if suffix in ("mp4", "mov") else render.image_file(video, suffix)
