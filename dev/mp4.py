"""What a player would find in a video file."""

from dataclasses import dataclass
from pathlib import Path

import av


@dataclass(frozen=True)
class Mp4:
    """Duration in seconds, size in pixels, and whether there is sound."""

    seconds: float
    width: int
    height: int
    audio: bool

    def __str__(self) -> str:
        """One cell of a table."""
        return f"{self.seconds:.1f} s {self.width}x{self.height} {'with' if self.audio else 'no'} audio"


def inspect(path: Path) -> Mp4:
    """Open the file, decode its first picture (and sound, if any) and say what it is; raise if that is impossible."""
    with av.open(str(path)) as container:
        if "mp4" not in container.format.name:
            raise ValueError(f"{path} is {container.format.name}, not MP4")
        if not container.streams.video:
            raise ValueError(f"{path} has no picture")
        next(container.decode(video=0))
        audio = bool(container.streams.audio)
        if audio:
            container.seek(0)
            next(container.decode(audio=0))
        picture = container.streams.video[0]
        return Mp4((container.duration or 0) / av.time_base, picture.width, picture.height, audio)
