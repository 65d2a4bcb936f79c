"""Finds a Chromium, starts it as the tests need it, and lets people visit Airflow with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any

import psutil
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, Playwright, expect

from dev.stack import CHECKOUT
from tests.ui.world import World

SHOTS = CHECKOUT / ".work" / "ui"
PICTURES = CHECKOUT / "docs" / "images"
RENEW = "SEEDANCE_RENEW_PICTURES"
"""The environment variable with which the pictures of the docs are taken anew: `make docs-pictures`."""

WIDE, NARROW = 1280, 390
TIMEOUT = 90_000  # milliseconds; a busy machine takes its time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--proxy-server=direct://",
)

INSTALL = (
    "There is no Chromium. Install one (Debian, Ubuntu: `apt-get install chromium`; elsewhere "
    "`.venv/bin/playwright install chromium`), or say where it is: CHROMIUM=/path/to/chromium."
)


def find_chromium(playwright: Playwright) -> str:
    """The path of a Chromium: the one that is asked for, the system's, or Playwright's own.

    :raises RuntimeError: if there is none, saying how to install one.
    """
    asked = os.environ.get("CHROMIUM")
    found = [asked] if asked else [shutil.which(name) for name in NAMES] + [playwright.chromium.executable_path]
    for path in found:
        if path and Path(path).exists():
            return path
    raise RuntimeError(INSTALL)


def launch(playwright: Playwright) -> Browser:
    """A headless Chromium with an empty profile."""
    expect.set_options(timeout=TIMEOUT)
    return playwright.chromium.launch(executable_path=find_chromium(playwright), headless=True, args=list(FLAGS))


@contextmanager
def killed_after(seconds: float) -> Iterator[None]:
    """Kills the browser if what is done here takes longer: closing it has been seen to take ten minutes."""

    def kill() -> None:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "chrom" in process.name():
                    process.kill()

    timer = Timer(seconds, kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def log_in(page: Page, airflow: World, user: str) -> None:
    """Fills Airflow's own login form."""
    page.goto(airflow.stack.url)
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(airflow.password(user))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/auth/" not in url)


class Visitors:
    """Opens pages for users.

    :param errors: what went wrong in the scripts of the pages.
    """

    def __init__(self, browser: Browser, airflow: World) -> None:
        self._browser = browser
        self._airflow = airflow
        self._open: list[BrowserContext] = []
        self.errors: list[str] = []

    def page(self, user: str | None = "admin", *, theme: str = "light", width: int = WIDE) -> Page:
        """A page of a new browser window, with the user logged in.

        :param user: `None` is nobody.
        :param theme: what the system prefers, `light` or `dark`; Airflow follows it.
        """
        scheme: Any = theme
        height = 900 if width == WIDE else 844
        session = self._airflow.sessions.get(user) if user else None
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, storage_state=session
        )
        context.set_default_timeout(TIMEOUT)
        self._open.append(context)
        page = context.new_page()
        page.on("pageerror", self._note)
        if user and not session:
            log_in(page, self._airflow, user)
            self._airflow.sessions[user] = context.storage_state()
        return page

    def _note(self, error: Error) -> None:
        # Airflow 3.2's own scripts let a request's abort go uncaught when a page is left.
        stack = str(error.stack)
        if "/static/assets/" not in stack or "/seedance-ui/" in stack:
            self.errors.append(f"{error}: {stack}")

    def gallery(self, page: Page, query: str = "") -> Locator:
        """The gallery, once it has read all that it wants to read."""
        page.goto(f"{self._airflow.stack.url}/plugin/seedance{query}")
        gallery = page.locator("seedance-gallery")
        self.wait_until_read(gallery)
        return gallery

    def wait_until_read(self, gallery: Locator) -> None:
        """Waits until the gallery has read all that it wants to read."""
        gallery.locator(".cards[aria-busy=false]").wait_for(state="attached")

    def tab(self, page: Page, dag: str, run: str, task: str) -> Locator:
        """The Video tab of a task instance."""
        page.goto(f"{self._airflow.stack.url}/dags/{dag}/runs/{run}/tasks/{task}/plugin/seedance-video")
        return page.locator("seedance-video")

    def keep_what_is_open(self, name: str) -> None:
        """Keeps a picture of each window."""
        for number, context in enumerate(self._open):
            for page in context.pages:
                shot(page, f"{name}-{number}")

    def close(self) -> None:
        """Closes all windows."""
        for context in self._open:
            context.close()


def shot(page: Page, name: str) -> None:
    """Keeps a picture of the page, for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    taken = SHOTS / f"{name}.png"
    page.screenshot(path=taken)
    in_docs = PICTURES / taken.name
    if os.environ.get(RENEW) and (in_docs.exists() or name.startswith("walk-")):
        Image.open(taken).convert("RGB").save(in_docs, optimize=True)


def serious_findings(page: Page, element: str) -> list[str]:
    """What axe finds wrong with an element of the page, if it is serious or critical."""
    results = Axe().run(page, context=element, options={"resultTypes": ["violations"]}).response
    return [
        f"{found['id']} ({found['impact']}): {found['help']}: {[node['html'][:200] for node in found['nodes'][:3]]}"
        for found in results["violations"]
        if found["impact"] in ("serious", "critical")
    ]
