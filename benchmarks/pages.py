"""`make bench-pages`: the Seedance page with 50, 500 and 2,000 videos, on a real Airflow, in a real browser.

How soon all cards are complete, and with how many calls; the longest frame meanwhile, and while all are scrolled by;
the heap after that. `BEFORE=commit` does the same with the page's scripts as they were then, in turn with those of now:
the browser is handed one or the other, and all else is the same.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import CDPSession, Page, Route, sync_playwright

from airflow_provider_seedance.plugins.seedance_ui import STATIC
from dev.stack import CHECKOUT, stop_on_signals
from tests.ui.browser import Visitors, launch
from tests.ui.world import World, world

ROUNDS = {50: 3, 500: 3, 2000: 1}
"""How often each number of videos is looked at; of the figures the median counts."""

DAGS = {50: "ui_gallery", 500: "ui_many", 2000: "ui_thousands"}
PATIENCE = 1_200_000.0  # milliseconds

ROOT = "document.querySelector('seedance-gallery').shadowRoot"

ARRIVED = "performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/gallery.js')).responseEnd"

FRAMES = """() => {
    let last;
    globalThis.longest = 0;
    const look = (now) => {
        if (last !== undefined) globalThis.longest = Math.max(globalThis.longest, now - last);
        last = now;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""

COMPLETE = f"""(count) => {{
    const said = {ROOT}.querySelector('.status')?.textContent;
    const rests = {ROOT}.querySelector('.cards')?.getAttribute('aria-busy') === 'false';
    const found = said?.match(/^([0-9]+) of \\1 videos$/)?.[1] ?? 0;
    if (found < count || !rests) {{
        globalThis.since = undefined;
        return null;
    }}
    globalThis.since ??= performance.now();
    return performance.now() - globalThis.since > 1000 ? globalThis.since : null;
}}"""
"""Since when all has been there, once it has been so for a second."""

MORE = f"""async () => {{
    for (;;) {{
        const button = {ROOT}.querySelector('.more button');
        if (!button) return;
        button.click();
        if (button.dataset.more === 'older') return;
        await new Promise(requestAnimationFrame);
    }}
}}"""
"""Asks for the next older ones. Before, all that are there had to be shown first, 48 by 48."""

SHOW_ALL = f"""async () => {{
    for (let button; (button = {ROOT}.querySelector('.more button[data-more=shown]'));) {{
        button.click();
        await new Promise(requestAnimationFrame);
    }}
}}"""

SCROLL = f"""async () => {{
    let scroller = {ROOT}.querySelector('.cards');
    const scrolls = (each) => each.scrollHeight > each.clientHeight + 10
        && /auto|scroll/.test(getComputedStyle(each).overflowY);
    while (scroller && !scrolls(scroller)) scroller = scroller.parentElement ?? scroller.getRootNode().host;
    scroller ??= document.scrollingElement;
    for (let at = 0; at < scroller.scrollHeight; at += 700) {{
        scroller.scrollTo(0, at);
        await new Promise(requestAnimationFrame);
    }}
}}"""


@dataclass(frozen=True)
class Seen:
    """What one look at the page has shown.

    :param complete: seconds from the arrival of its script until all cards were complete.
    :param calls: requests to Airflow's API and the plugin's routes until then.
    :param reading: the longest frame until then, in milliseconds.
    :param scrolling: the longest frame while all cards were shown and scrolled by, in milliseconds.
    :param heap: used by scripts after that, in MB.
    """

    complete: float
    calls: int
    reading: float
    scrolling: float
    heap: float


def look(world_: World, visitors: Visitors, count: int, static: Path) -> Seen:
    """Opens the page with so many videos.

    :param static: the folder with the page's files.
    """
    page = visitors.page()
    visitors.gallery(page, "?dag=ui_secret")  # Airflow's own scripts are in the browser's cache now
    calls: list[str] = []
    page.route("**/seedance-ui/**", lambda route: _hand_in(route, static))
    page.goto(f"{world_.stack.url}/plugin/seedance?dag={DAGS[count]}", wait_until="commit")
    page.on("request", lambda asked: calls.append(asked.url))
    page.locator("seedance-gallery").wait_for(state="attached", timeout=120_000)
    page.evaluate(FRAMES)
    began = page.evaluate(ARRIVED)
    there = 0.0
    for read in range(min(count, 500), count + 1, 500):
        there = _complete(page, read)
        if read < count:
            page.evaluate(MORE)
    asked = [url for url in calls if "/api/v2/dags" in url or "/seedance-api/" in url]
    reading = page.evaluate("globalThis.longest")
    page.evaluate("globalThis.longest = 0")
    page.evaluate(SHOW_ALL)
    page.evaluate(SCROLL)
    scrolling = page.evaluate("globalThis.longest")
    heap = _heap(page.context.new_cdp_session(page))
    page.close()
    return Seen((there - began) / 1000, len(asked), reading, scrolling, heap)


def _complete(page: Page, count: int) -> float:
    found = page.wait_for_function(COMPLETE, arg=count, polling=25, timeout=PATIENCE)
    return float(found.json_value())


def _heap(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def _hand_in(route: Route, static: Path) -> None:
    route.fulfill(path=static / route.request.url.rsplit("/", 1)[1].split("?")[0])


def files_of(commit: str, folder: Path) -> Path:
    """The page's files as they were at a commit."""
    place = STATIC.relative_to(CHECKOUT)
    packed = subprocess.run(["git", "archive", commit, str(place)], cwd=CHECKOUT, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / place


def row(count: int, name: str, seen: Sequence[Seen], load: str) -> str:
    """For the page: the medians."""

    def middle(figure: str) -> float:
        return median(float(getattr(each, figure)) for each in seen)

    figures = f"{middle('complete'):.1f} s | {middle('calls'):.0f} | {middle('reading'):.0f} ms"
    return f"| {count:,} | {name} | {figures} | {middle('scrolling'):.0f} ms | {middle('heap'):.0f} MB | {load} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--before", metavar="COMMIT", help="look at the scripts of then, too")
    parser.add_argument("--videos", type=int, action="append", choices=sorted(ROUNDS), help="only so many; repeatable")
    parser.add_argument("--rounds", type=int, help="look so often at each")
    asked = parser.parse_args(arguments)
    stop_on_signals()
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        versions = {"now": STATIC}
        if asked.before:
            versions = {"before": files_of(asked.before, home / "before"), **versions}
        with world(home, print) as found:
            found.seed("ui_secret", 1)
            browser = launch(playwright)
            for count in asked.videos or ROUNDS:
                found.seed(DAGS[count], count)
                seen: dict[str, list[Seen]] = {name: [] for name in versions}
                loads = []
                for _ in range(asked.rounds or ROUNDS[count]):
                    for name, static in versions.items():
                        visitors = Visitors(browser, found)
                        loads.append(os.getloadavg()[0])
                        seen[name].append(look(found, visitors, count, static))
                        loads.append(os.getloadavg()[0])
                        print(count, name, seen[name][-1], f"load {loads[-1]:.1f}", flush=True)
                        visitors.close()
                load = f"{min(loads):.1f} to {max(loads):.1f}"
                rows += [row(count, name, seen[name], load) for name in versions]
            browser.close()
    print("| videos | scripts | complete after | calls | longest frame until then | while scrolling | heap | load |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
