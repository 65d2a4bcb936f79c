"""Renders real files: H.264 video with AAC sound, last frame, thumbnail. The background is drawn only once."""

import io
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from airflow_provider_seedance.simulator.media.sizes import FRAMES_PER_SECOND, size_of
from airflow_provider_seedance.simulator.videos import SimulatedVideo

SAMPLE_RATE = 48_000
Plane = npt.NDArray[np.uint8]
#: Luma, blue and red difference of the moving parts.
BAR, BALL = (200, 100, 170), (220, 60, 140)


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: Any, width: int, most: int) -> list[str]:
    """The text in lines that fit. Long words are broken, so that a text without spaces wraps, too."""
    lines, line = [], ""
    for character in " ".join(text.split()):
        if draw.textlength(line + character, font=font) > width:
            head, _, tail = line.rpartition(" ")
            lines.append(head or line)
            line = (tail if head else "") + character
        else:
            line += character
        if len(lines) >= most:
            return [*lines[: most - 1], f"{lines[most - 1]} ..."]
    return [*lines, line] if line else lines


def _poster(video: SimulatedVideo) -> Image.Image:
    """The static part of the picture: vendor, model, id, time and prompt."""
    width, height = size_of(video.picture.resolution, video.picture.ratio)
    hue = sum(video.id.encode()) % 256
    image = Image.new("HSV", (width, height), (hue, 140, 70)).convert("RGB")
    draw = ImageDraw.Draw(image)
    side = min(width, height)
    small, large = ImageFont.load_default(max(side // 30, 12)), ImageFont.load_default(max(side // 17, 16))
    margin, line = width // 20, side // 20
    born = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(video.created_at))
    head = f"{video.vendor}  {video.model}\n{video.id}\n{born}"
    draw.multiline_text((margin, margin), head, (190, 200, 210), small, spacing=line // 3)
    prompt = video.prompt.encode("utf-8", "replace").decode()  # half a surrogate pair can't be drawn
    top = margin + 5 * line
    most = (height - top - 5 * line) // int(line * 1.6)
    lines = _wrapped(draw, prompt or "(no prompt)", large, width - 2 * margin, most)
    draw.multiline_text((margin, top), "\n".join(lines), (255, 255, 255), large, spacing=line // 3)
    draw.text((margin, height - 4 * line), "SIMULATED - nothing was billed", (255, 210, 120), small)
    return image


class _Film:
    """The frames of one video as YUV 4:2:0 planes in one array, PyAV's layout."""

    def __init__(self, video: SimulatedVideo) -> None:
        self.width, self.height = size_of(video.picture.resolution, video.picture.ratio)
        self.count = video.picture.duration * FRAMES_PER_SECOND
        poster = av.VideoFrame.from_ndarray(np.asarray(_poster(video)), format="rgb24")
        still = poster.reformat(format="yuv420p").to_ndarray()
        self._still: Plane = np.asarray(still, np.uint8)

    def frame(self, number: int) -> Plane:
        """One frame: the static picture, a progress bar and a square that moves to and fro."""
        frame = self._still.copy()
        done = (number + 1) / self.count
        bar = max(self.height // 60, 2)
        self._paint(frame, 0, self.height - bar, max(int(self.width * done), 2), bar, BAR)
        side = min(self.width, self.height) // 12
        swing = abs((number / FRAMES_PER_SECOND) % 2 - 1)
        self._paint(frame, int((self.width - side) * swing), self.height - bar - side - 4, side, side, BALL)
        return frame

    def _paint(self, frame: Plane, x: int, y: int, width: int, height: int, colour: tuple[int, int, int]) -> None:
        x, y, width, height = x // 2 * 2, y // 2 * 2, width // 2 * 2, height // 2 * 2
        flat, half, quarter = frame.reshape(-1), self.width // 2, self.width * self.height // 4
        luma = flat[: quarter * 4].reshape(self.height, self.width)
        luma[y : y + height, x : x + width] = colour[0]
        for index in (0, 1):
            start = quarter * (4 + index)
            chroma = flat[start : start + quarter].reshape(self.height // 2, half)
            chroma[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2] = colour[1 + index]


def _add_sound(container: Any, stream: Any, seconds: int) -> None:
    """Add a quiet chord that swells once a second."""
    at = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    tone = (np.sin(2 * np.pi * 220 * at) + np.sin(2 * np.pi * 330 * at)) * 0.05 * (1 + np.cos(2 * np.pi * at)) / 2
    samples = tone.astype(np.float32)
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis, start : start + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def video_file(video: SimulatedVideo) -> bytes:
    """Render the MP4 or MOV file, with the length, size and sound of the request."""
    film = _Film(video)
    # Written to disk, since moving the index to the front (for a quick start in players) needs a second pass.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        _write(film, video, path)
        return path.read_bytes()


def _write(film: _Film, video: SimulatedVideo, path: Path) -> None:
    with av.open(str(path), "w", format=video.picture.container, options={"movflags": "+faststart"}) as container:
        picture: Any = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        picture.width, picture.height, picture.pix_fmt = film.width, film.height, "yuv420p"
        # Fast encoding without B-frames: compression doesn't matter here.
        picture.options = {"preset": "ultrafast", "crf": "28", "tune": "zerolatency"}
        picture.thread_count = 1
        sound: Any = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if video.picture.sound else None
        for number in range(film.count):
            frame = av.VideoFrame.from_ndarray(film.frame(number), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        if sound:
            _add_sound(container, sound, video.picture.duration)


def image_file(video: SimulatedVideo, suffix: str) -> bytes:
    """Render the last frame as PNG, or a thumbnail of the middle frame as JPEG.

    :param video: the video
    :param suffix: ``png`` or ``jpg``
    """
    film, file = _Film(video), io.BytesIO()
    number = film.count - 1 if suffix == "png" else film.count // 2
    pixels = av.VideoFrame.from_ndarray(film.frame(number), format="yuv420p").to_ndarray(format="rgb24")
    image = Image.fromarray(pixels)
    if suffix == "jpg":
        image.thumbnail((640, 640))
    image.save(file, "PNG" if suffix == "png" else "JPEG")
    return file.getvalue()
