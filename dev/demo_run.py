"""One run of the demo DAG, as seen from outside: the API for its tasks, the simulator for its videos and bills."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from airflow_provider_seedance.simulator import VENDORS, Simulator
from dev.airflow_api import AirflowApi, Json
from dev.showcase import DAG_ID, VIDEOS

STEPS = ("create", "wait", "store")


@dataclass
class VendorView:
    """The three tasks of one vendor, its newest video and its bills."""

    vendor: str
    tasks: dict[str, Json] = field(default_factory=dict)
    video_id: str = ""
    video: str = ""
    progress: int = 0
    bills: int = 0

    def state(self, step: str) -> str:
        """The state of the task ``create``, ``wait`` or ``store``."""
        return (self.tasks.get(step) or {}).get("state") or "-"

    def line(self, percent_step: int) -> str:
        """What this vendor's tasks and video are doing, with the progress rounded down to whole steps."""
        video = f"video {self.video} {self.progress // percent_step * percent_step}%" if self.video else "no video yet"
        tasks = " ".join(f"{step} {self.state(step):<9}" for step in STEPS)
        return f"{self.vendor:<10} {video:<20} {tasks}".rstrip()  # fits into 80 columns

    @property
    def waited(self) -> float:
        """Seconds from the end of `create` (the video is ordered) to the end of `wait` (it is there)."""
        ordered, there = _time(self.tasks.get("create")), _time(self.tasks.get("wait"))
        return (there - ordered).total_seconds() if ordered and there else 0.0

    def worker_seconds(self, clock: Mapping[str, float]) -> float:
        """Seconds for which `create` and `wait` occupied a worker process, from the worker clock."""
        return sum(clock.get(self.tasks[step]["id"], 0.0) for step in ("create", "wait") if step in self.tasks)


def look(api: AirflowApi, simulator: Simulator, run_id: str) -> list[VendorView]:
    """What every vendor's tasks and videos are doing at this moment."""
    views = {vendor: VendorView(vendor) for vendor in VENDORS}
    for task in api.task_instances(DAG_ID, run_id):
        vendor, step = vendor_and_step(task["task_id"])
        if vendor in views:
            views[vendor].tasks[step] = task
    for video in list(simulator.videos.values()):
        view = views[video.vendor]
        view.video_id, view.video, view.progress = video.id, video.status, video.progress
    for bill in list(simulator.ledger):
        views[bill.vendor].bills += 1
    return list(views.values())


def vendor_and_step(task_id: str) -> tuple[str, str]:
    """`create_byteplus` or `byteplus.create` -> (byteplus, create)."""
    vendor = next((vendor for vendor in VENDORS if vendor in task_id), "")
    return vendor, next((step for step in STEPS if step in task_id), "")


def stored_file(api: AirflowApi, run_id: str, view: VendorView) -> Path | None:
    """The file that `store` wrote: the one whose address the task returned, else the one named after the video."""
    if "store" in view.tasks:
        landed = api.xcom(DAG_ID, run_id, view.tasks["store"]["task_id"], "uri")
        if isinstance(landed, str) and (path := Path(unquote(urlsplit(landed).path))).is_file():
            return path
    named = sorted(VIDEOS.rglob(f"*{view.video_id}*.mp4")) if view.video_id else []
    return named[0] if named else None


def _time(task: Json | None) -> datetime | None:
    """When a task ended."""
    ended = (task or {}).get("end_date")
    return datetime.fromisoformat(ended) if ended else None
