"""A vendor that only answers reads, in a process of its own, fast enough that it never is what is measured.

The simulator takes milliseconds a request, for it records and renders; contenders that ask 200 times a second would
measure its queue. This one knows no videos: the number at an id's end says when it is ready, and bodies are those of
the vendors' documents. It counts requests, the videos they asked for and how close together they came. It answers after
`ANSWER_TIME`, as over a network: whoever blocks while it waits for an answer shows it.

    /gmi/requests/{id}                      GMI Cloud, one video
    /ark/contents/generations/tasks/{id}    BytePlus, one video
    /ark/contents/generations/tasks?...     BytePlus, LIST by filter.task_ids
    /runware                                Runware, a POST of getResponse tasks
    /control/reset, /control/ready?base=&spread=, /control/stats
    /control/limits?GET=20&LIST=1           from now on it refuses what is more than that in any second
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

ALWAYS_READY = 999_999
"""The number of a video that is ready from the beginning."""

ANSWER_TIME = 0.02
"""Seconds from a request to its answer: little, for a vendor."""

_GOLDEN = 0.6180339887498949

_PROMPT = "A paper boat drifts down a rain-filled street at dusk, lamps reflected in the water, slow push-in, 35 mm."
_GMI = (
    '{"request_id":"%s","org_id":"org-1","model":"seedance-2-0-260128","status":"%s","payload":{"prompt":"'
    + _PROMPT
    + '","duration":5,"resolution":"720p","ratio":"16:9","generate_audio":true},"outcome":%s,'
    '"created_at":1790000000,"updated_at":1790000010,"queued_at":1790000000}'
)
_GMI_DONE = '{"video_url":"https://storage.example/v/1.mp4","thumbnail_image_url":"https://storage.example/v/1.jpg"}'
_ARK = (
    '{"id":"%s","model":"dreamina-seedance-2-0-260128","status":"%s",%s"created_at":1790000000,"updated_at":1790000005,'
    '"service_tier":"default","execution_expires_after":172800,"generate_audio":true,"draft":false,"priority":0}'
)
_ARK_DONE = (
    '"content":{"video_url":"https://tos.example/v.mp4?X-Tos-Expires=86400"},'
    '"usage":{"completion_tokens":108900,"total_tokens":108900},'
)
_RUNWARE = '{"taskType":"videoInference","taskUUID":"%s","status":"%s"%s}'
_RUNWARE_DONE = ',"videoUUID":"b7db6b1e-0b0a-4c0a-9f52-7b9a2a1f5d10","videoURL":"https://vm.example/v/1.mp4","cost":0.7012,"seed":42'


def ready_at(index: int, base: float, spread: float) -> float:
    """When a video is ready: scattered evenly over the spread, next to nothing in order."""
    return 0.0 if index == ALWAYS_READY else base + (index * _GOLDEN % 1.0) * spread


class Vendor:
    """All that the server knows."""

    def __init__(self) -> None:
        self._base, self._spread = float("inf"), 0.0
        self._limits: dict[str, float] = {}
        self._accepted: dict[str, deque[float]] = {}
        self.reset()

    def reset(self) -> None:
        """Forgets what it counted."""
        self._requests: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._asked = 0
        self._distinct: set[str] = set()
        self._most: dict[str, int] = {}
        self._closest: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._recent: dict[str, deque[float]] = {}

    def answer(self, target: str, now: float, body: bytes = b"") -> str | None:
        """The body, `None` if there is no such thing; empty if it is refused for now."""
        path, _, query = target.partition("?")
        _, kind, rest = f"{path}//".split("/", 2)
        rest = rest.rstrip("/")
        if kind == "control":
            return self._control(rest, query)
        if kind == "ark" and query:
            ids = [value for name, value in parse_qsl(query) if name == "filter.task_ids"]
            if self._is_too_much("LIST", now):
                return ""
            self._count("LIST", now, ids)
            items = ",".join(self._ark(one, now) for one in ids)
            return f'{{"total":{len(ids)},"items":[{items}]}}'
        if kind == "runware":
            ids = [task["taskUUID"] for task in json.loads(body)]
            self._count("POST", now, ids)
            return f'{{"data":[{",".join(self._runware(one, now) for one in ids)}]}}'
        if kind not in ("ark", "gmi"):
            return None
        if self._is_too_much("GET", now):
            return ""
        video_id = rest.rpartition("/")[2]
        self._count("GET", now, [video_id])
        if kind == "ark":
            return self._ark(video_id, now)
        return _GMI % (
            (video_id, "success", _GMI_DONE) if self._done(video_id, now) else (video_id, "processing", "{}")
        )

    def _ark(self, video_id: str, now: float) -> str:
        return _ARK % ((video_id, "succeeded", _ARK_DONE) if self._done(video_id, now) else (video_id, "running", ""))

    def _runware(self, video_id: str, now: float) -> str:
        is_done = self._done(video_id, now)
        return _RUNWARE % ((video_id, "success", _RUNWARE_DONE) if is_done else (video_id, "processing", ""))

    def _done(self, video_id: str, now: float) -> bool:
        return ready_at(int(video_id.rpartition("-")[2]), self._base, self._spread) <= now

    def _is_too_much(self, call: str, now: float) -> bool:
        accepted = self._accepted.setdefault(call, deque())
        while accepted and accepted[0] <= now - 1.0:
            accepted.popleft()
        if len(accepted) >= self._limits.get(call, float("inf")):
            self._refused[call] += 1
            return True
        accepted.append(now)
        return False

    def _count(self, call: str, now: float, video_ids: list[str]) -> None:
        self._requests[call] += 1
        self._asked += len(video_ids)
        self._distinct.update(video_ids)
        if call in self._last:
            self._closest[call] = min(self._closest.get(call, float("inf")), now - self._last[call])
        self._last[call] = now
        recent = self._recent.setdefault(call, deque())
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        recent.append(now)
        self._most[call] = max(self._most.get(call, 0), len(recent))

    def _control(self, what: str, query: str) -> str:
        if what == "reset":
            self.reset()
        elif what == "ready":
            given = dict(parse_qsl(query))
            self._base, self._spread = float(given["base"]), float(given["spread"])
        elif what == "limits":
            self._limits = {call: float(most) for call, most in parse_qsl(query)}
        return json.dumps(
            {
                "requests": self._requests,
                "refused": self._refused,
                "asked": self._asked,
                "distinct": len(self._distinct),
                "most": self._most,
                "closest": self._closest,
                "cpu": time.process_time(),
            }
        )


class _Protocol(asyncio.Protocol):
    """As much of HTTP/1.1 as clients need that GET, and POST bodies of a known length."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._transport and b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            length = _length_of(head)
            if len(rest) < length:
                return
            asked, self._buffer = rest[:length], rest[length:]
            target = head.partition(b"\r\n")[0].split(b" ")[1].decode()
            text = self._vendor.answer(target, time.time(), asked)
            refusal = "404 Not Found" if text is None else "429 Too Many Requests"
            status, body = ("200 OK", text.encode()) if text else (refusal, b"{}")
            headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
            answer = f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode() + body
            delay = 0.0 if target.startswith("/control/") else ANSWER_TIME
            asyncio.get_running_loop().call_later(delay, self._transport.write, answer)


def _length_of(head: bytes) -> int:
    """Of the body that follows."""
    if head.startswith(b"GET "):
        return 0
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lengths[0]) if lengths else 0


async def _serve() -> None:
    vendor = Vendor()
    server = await asyncio.get_running_loop().create_server(lambda: _Protocol(vendor), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def serving() -> Iterator[str]:
    """The server in its own process; its URL."""
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def control(url: str, what: str) -> dict[str, Any]:
    """Talks to the server outside of what it counts; returns what it has counted."""
    with urllib.request.urlopen(f"{url}/control/{what}", timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


if __name__ == "__main__":
    asyncio.run(_serve())
