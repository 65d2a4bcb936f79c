"""A silent film of what a browser shows: pictures, each with a line of words below and the time that it stands."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page

WIDTH, STRIP = 800, 40
COLOURS = 256


@dataclass
class Film:
    """Frames, and how long each stands in milliseconds."""

    frames: list[Image.Image] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(self.times) / 1000

    def take(self, page: Page, words: str, seconds: float = 3.0) -> None:
        """One more frame.

        :param words: are written below.
        """
        seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        size = (WIDTH, round(seen.height * WIDTH / seen.width))
        frame = Image.new("RGB", (size[0], size[1] + STRIP), "#1b2130")
        frame.paste(seen.resize(size, Image.Resampling.LANCZOS))
        font = ImageFont.load_default(size=20)
        ImageDraw.Draw(frame).text((16, size[1] + 8), words, fill="#ffffff", font=font)
        self.frames.append(frame)
        self.times.append(round(seconds * 1000))

    def keep(self, path: Path) -> None:
        """Writes a GIF that begins again after its end."""
        path.parent.mkdir(parents=True, exist_ok=True)
        few = [frame.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE) for frame in self.frames]
        few[0].save(path, save_all=True, append_images=few[1:], duration=self.times, loop=0, optimize=True)
