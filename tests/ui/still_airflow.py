"""An Airflow that stands still: its API's answers are given, and a page shows the gallery or the tab alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from playwright.sync_api import Error, Locator, Page, Route

from airflow_provider_seedance.plugins.seedance_ui import STATIC

URL = "http://airflow.test"


@dataclass
class StillAirflow:
    """What the pages are told.

    :param tasks: task instances, as the API has them.
    :param xcoms: values by (DAG run, task, key).
    :param logs: records of a task's log by (DAG run, task).
    :param offers: what the plugin's routes offer; nothing, and there are none.
    :param asked: the URLs that the page has asked for, whosever.
    :param errors: what went wrong in the page's scripts.
    :param denied: DAGs whose XComs may not be read.
    :param served: the copies that may be played, whosever.
    :param media: the file that stored copies are played from.
    :param details: what a DAG says of itself: its tags and params.
    :param confs: of runs.
    :param started: the bodies of the requests that start a run; `refusal` is what they are answered, if it isn't a run.
    :param budgets: what the route says of budgets.
    :param own_list_fails: whether the plugin's list of tasks, if it is offered, isn't there after all.
    """

    tasks: Sequence[Mapping[str, Any]]
    xcoms: Mapping[tuple[str, str, str], Any] = field(default_factory=dict)
    logs: Mapping[tuple[str, str], Sequence[Any]] = field(default_factory=dict)
    offers: Mapping[str, bool] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    media: Path | None = None
    denied: Sequence[str] = ()
    served: Sequence[str] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    confs: Mapping[str, Any] = field(default_factory=dict)
    started: list[Any] = field(default_factory=list)
    refusal: tuple[int, Any] | None = None
    budgets: Mapping[str, Any] = field(default_factory=dict)
    own_list_fails: bool = False

    def gallery(self, page: Page) -> Locator:
        """The gallery, once it has read all that it wants to read."""
        gallery = self._show(page, "gallery.js", "seedance-gallery", {})
        gallery.locator(".cards[aria-busy=false]").wait_for(state="attached")
        return gallery

    def run(self, page: Page, run: str) -> Locator:
        """The Videos tab of a run, once it has read all that it wants to read."""
        found = self._show(page, "run-videos.js", "seedance-run-videos", {"dag": "d", "run": run})
        found.locator(".cards[aria-busy=false]").wait_for(state="attached")
        return found

    def tab(self, page: Page, run: str, task: str) -> Locator:
        """The Video tab of a task instance."""
        where = {"dag": "d", "run": run, "task": task, "mapIndex": "-1"}
        return self._show(page, "video-tab.js", "seedance-video", where)

    def open(self, page: Page) -> None:
        """Opens an empty page at Airflow's address."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.route("**/*", self._answer)
        page.goto(f"{URL}/")

    def _show(self, page: Page, module: str, element: str, data: Mapping[str, str]) -> Locator:
        self.open(page)
        page.evaluate(
            """async ([module, element, data]) => {
                await import(`/seedance-ui/0/${module}`);
                const page = document.createElement(element);
                Object.assign(page.dataset, data);
                document.body.append(page);
            }""",
            [module, element, data],
        )
        return page.locator(element)

    def _answer(self, route: Route) -> None:
        # The page may be closed meanwhile.
        with suppress(Error):
            self.asked.append(route.request.url)
            url = urlsplit(route.request.url)
            path = unquote(url.path)
            if url.hostname == "127.0.0.1":  # the simulator's files
                route.fulfill(response=route.fetch())
            elif url.hostname != "airflow.test":
                route.fulfill(status=404)
            elif path == "/":
                route.fulfill(body="<!doctype html><title>Airflow</title>", content_type="text/html")
            elif path.startswith("/seedance-ui/"):
                route.fulfill(path=STATIC / path.rsplit("/", 1)[1])
            elif path.startswith("/seedance-api/0/playback/"):
                route.fulfill(path=self.media) if self.media else route.fulfill(status=404)
            elif route.request.method == "POST" and path.endswith("/dagRuns"):
                self.started.append(json.loads(route.request.post_data or "null"))
                status, told = self.refusal or (200, {"dag_run_id": "new_run"})
                route.fulfill(status=status, body=json.dumps(told), content_type="application/json")
            else:
                found = self._routes(route) if path.startswith("/seedance-api/") else self._api(path, url.query)
                route.fulfill(
                    status=404 if found is None else 200, body=json.dumps(found), content_type="application/json"
                )

    def _routes(self, route: Route) -> Any:
        if not self.offers:
            return None
        if route.request.url.endswith("/about"):
            return self.offers
        if route.request.url.endswith("/budgets"):
            return self.budgets
        if "/tasks/" in route.request.url:
            return None if self.own_list_fails else self._own_list(parse_qs(urlsplit(route.request.url).query))
        told: list[Any] = []
        for _, run, task, *_ in json.loads(route.request.post_data or "{}")["tasks"]:
            keys = ("return_value", "video_id", "seedance_asked")
            found = {key: self.xcoms[run, task, key] for key in keys if (run, task, key) in self.xcoms}
            told.append(found or None)
        served = {} if self.served is None else {"served": [list(self.served)] * len(told)}
        return {"told": told, **served, "denied": list(self.denied)}

    def _own_list(self, query: Mapping[str, list[str]]) -> Any:
        first, most = int(query["offset"][0]), int(query["limit"][0])
        named = (
            [] if "updated_at_gte" in query else [each for each in self.tasks if each["operator"] in query["operator"]]
        )
        return {"task_instances": named[first : first + most], "total_entries": len(named)}

    def _api(self, path: str, query: str) -> Any:
        if path.endswith("/details"):
            return self.details or None
        if run := re.search(r"/dagRuns/([^/]+)$", path):
            return {"conf": self.confs.get(run[1], {})}
        if path.endswith("/tasks"):
            return {"tasks": [{"task_id": "create", "downstream_task_ids": ["wait"]}]}
        if xcom := re.search(r"/dagRuns/([^/]+)/taskInstances/([^/]+)/xcomEntries/([^/]+)$", path):
            value = self.xcoms.get((xcom[1], xcom[2], xcom[3]))
            return None if value is None else {"value": value}
        if log := re.search(r"/dagRuns/([^/]+)/taskInstances/([^/]+)/logs/\d+$", path):
            return {"content": self.logs.get((log[1], log[2]), [])}
        if one := re.search(r"/dagRuns/([^/]+)/taskInstances/([^/]+)$", path):
            return next((t for t in self.tasks if (t["dag_run_id"], t["task_id"]) == (one[1], one[2])), None)
        if run := re.search(r"/dagRuns/([^/]+)/taskInstances$", path):
            changed = () if "updated_at_gte" in query else self.tasks  # it stands still
            tasks = [each for each in changed if run[1] in ("~", each["dag_run_id"])]
            return {"task_instances": tasks, "total_entries": len(tasks)}
        return None
