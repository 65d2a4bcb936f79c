"""`python -m dev.diagrams`: draws the diagrams of the docs, `docs/images/*.svg`, from what is written here.

Each has its own background, light or dark as the reader's system wants it, so it can be read on any page.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

IMAGES = Path(__file__).parents[1] / "docs" / "images"

STYLE = """
svg { --back: #fbfbfd; --line: #5b6472; --text: #1b2130; --soft: #5b6472; --plain: #ffffff; --edge: #b9c0cc;
      --worker: #ffe3c2; --free: #d9f2e0; --vendor: #dfe8ff; --store: #efe2fb; --stop: #ffd9d9; }
@media (prefers-color-scheme: dark) {
  svg { --back: #151922; --line: #a3adbd; --text: #eef1f6; --soft: #a3adbd; --plain: #1f2531; --edge: #4a5364;
        --worker: #5a3c14; --free: #1d4a2c; --vendor: #243a6e; --store: #45295f; --stop: #652626; }
}
text { font: 14px system-ui, sans-serif; fill: var(--text); }
.small { font-size: 12px; fill: var(--soft); }
.head { font-weight: 600; }
.back { fill: var(--back); }
.plain { fill: var(--plain); stroke: var(--edge); }
.worker { fill: var(--worker); } .free { fill: var(--free); } .vendor { fill: var(--vendor); }
.store { fill: var(--store); } .stop { fill: var(--stop); }
.arrow { stroke: var(--line); stroke-width: 1.5; fill: none; marker-end: url(#tip); }
.lane { stroke: var(--edge); stroke-dasharray: 3 5; }
#tip path { fill: var(--line); }
"""


class Drawing:
    """A picture of boxes and arrows.

    :param title: what a screen reader says first.
    """

    def __init__(self, width: int, height: int, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">',
            f"<title>{title}</title><style>{STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0 8 4 0 8z"/></marker></defs>',
            f'<rect class="back" width="{width}" height="{height}" rx="10"/>',
        ]

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        """One line."""
        self._parts.append(f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>')

    def box(self, x: float, y: float, width: float, lines: Iterable[str], kind: str = "plain") -> None:
        """A box around lines of text; the first line is its heading, and those after it are small."""
        lines = list(lines)
        height = 16 + 18 * len(lines)
        self._parts.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')
        for number, line in enumerate(lines):
            self.text(x + width / 2, y + 22 + 18 * number, line, "head" if number == 0 else "small", "middle")

    def arrow(self, *points: tuple[float, float]) -> None:
        """An arrow along these points."""
        path = " ".join(f"{x},{y}" for x, y in points)
        self._parts.append(f'<polyline class="arrow" points="{path}"/>')

    def lane(self, y: float, width: float) -> None:
        """A line between two lanes."""
        self._parts.append(f'<line class="lane" x1="10" x2="{width - 10}" y1="{y}" y2="{y}"/>')

    def svg(self) -> str:
        """The file."""
        return "\n".join([*self._parts, "</svg>", ""])


def way_of_a_video() -> str:
    """From prompt to storage, and who holds a slot when."""
    draw = Drawing(940, 410, "The way of a video from prompt to storage, and who holds a worker slot when")
    lanes = [("Worker", "holds a slot"), ("Triggerer", "holds none"), ("Vendor", ""), ("Your storage", "")]
    for number, (name, words) in enumerate(lanes):
        top = 20 + 100 * number
        draw.text(20, top + 38, name, "head")
        draw.text(20, top + 56, words, "small")
        if number:
            draw.lane(top - 4, 940)
    draw.box(130, 30, 190, ["create: seconds", "checks, notes its intent,", "sends once, notes the id"], "worker")
    draw.box(620, 30, 120, ["wait ends", "a fresh link"], "worker")
    draw.box(770, 30, 150, ["store: seconds", "streams, verifies"], "worker")
    draw.box(350, 136, 240, ["wait: minutes, for free", "one poller asks for all videos"], "free")
    draw.box(150, 236, 110, ["accepted", "the bill"], "vendor")
    draw.box(290, 236, 350, ["queued, generating: minutes", "a link that dies in hours or days"], "vendor")
    draw.box(770, 336, 150, ["the file", "with its manifest"], "store")
    draw.arrow((205, 100), (205, 234))
    draw.arrow((260, 262), (288, 262))
    draw.arrow((320, 65), (420, 65), (420, 134))
    draw.arrow((430, 188), (430, 234))
    draw.arrow((510, 236), (510, 190))
    draw.arrow((590, 160), (680, 160), (680, 84))
    draw.arrow((740, 56), (768, 56))
    draw.arrow((640, 262), (800, 262), (800, 84))
    draw.arrow((880, 84), (880, 334))
    return draw.svg()


def what_a_retry_decides() -> str:
    """By what the record of the submission says."""
    rows = [
        ("nothing", "Submits.", "one bill", "free"),
        ("an id, the same request", "Goes on with that video.", "no new bill", "free"),
        ("an id, the video failed at the vendor", "Submits a new one.", "the vendor's terms", "vendor"),
        ("an id, another request", "Refuses: the old video is paid for.", "no new bill", "stop"),
        ("an intent, and a mark", "Looks for it, and goes on with what it finds.", "no new bill", "free"),
        ("an intent, nothing to know it by", "Fails and says so: in doubt.", "no new bill", "stop"),
        ("it can't be read", "Fails: that never means submit again.", "no new bill", "stop"),
        ("it is of a cleared task", "Starts over; cancels the old one if it can.", "one more bill", "vendor"),
    ]
    height = 110 + 52 * len(rows)
    draw = Drawing(960, height, "What a new attempt of a task decides, by what the record of the submission says")
    draw.box(20, 24, 200, ["A new attempt", "reads the record"], "worker")
    draw.text(240, 44, "What the record says", "head")
    draw.text(570, 44, "What the attempt does", "head")
    for number, (says, does, bill, kind) in enumerate(rows):
        y = 84 + 52 * number
        draw.box(240, y, 300, [says], "plain")
        draw.box(570, y, 370, [does], kind)
        draw.text(940, y + 46, bill, "small", "end")
        draw.arrow((120, 76), (120, y + 17), (238, y + 17))
        draw.arrow((540, y + 17), (568, y + 17))
    return draw.svg()


def pollers_of_an_account() -> str:
    """How pollers share an account."""
    draw = Drawing(900, 380, "How the pollers of several triggerers share the account of one connection")
    for number, name in enumerate(("Triggerer 1", "Triggerer 2")):
        top = 30 + 170 * number
        draw.text(20, top, name, "head")
        for each in range(3):
            draw.box(20, top + 14 + 40 * each, 130, [f"video {number * 3 + each + 1} waits"], "free")
            draw.arrow((150, top + 31 + 40 * each), (218, top + 68))
        draw.box(
            220,
            top + 22,
            250,
            ["One poller per connection", "one HTTP client, one rate;", "lists of up to 500 where it can"],
        )
        draw.arrow((470, top + 62), (628, 136 + 20 * number))
    draw.box(630, 120, 240, ["The account at the vendor", "one limit for all who use the key"], "vendor")
    draw.box(630, 214, 240, ["429 once: a collision", "a pause, nothing else"])
    draw.box(630, 286, 240, ["429 again within a minute", "half the rate, doubled by time"])
    draw.arrow((750, 172), (750, 212))
    draw.arrow((750, 266), (750, 284))
    return draw.svg()


DIAGRAMS = {
    "way-of-a-video.svg": way_of_a_video,
    "what-a-retry-decides.svg": what_a_retry_decides,
    "pollers-of-an-account.svg": pollers_of_an_account,
}


def main() -> None:
    """Draws all of them."""
    for name, draw in DIAGRAMS.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
