"""The HTTP routes of the UI's pages, in Airflow's API server, under Airflow's own permissions.

Only the API server imports this module. The routes are synchronous, so that FastAPI runs them in threads, since they
wait for the database and for storages.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, PermittedTIFilter, requires_access_dag
from airflow.providers.common.compat.sdk import conf
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response, status
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, StringConstraints

from airflow_provider_seedance.ledger.settings import ledger_conn_id
from airflow_provider_seedance.plugins.budget_lines import budget_lines
from airflow_provider_seedance.plugins.byte_ranges import part_of
from airflow_provider_seedance.plugins.playback_rules import Copy, RefusedError, Root, place_of, read_roots, served
from airflow_provider_seedance.plugins.records import Task, as_object, returned_by, told_by
from airflow_provider_seedance.plugins.stored_files import NoConnectionError, NotThereError, open_place
from airflow_provider_seedance.plugins.task_list import Window, can_list, tasks_in

log = logging.getLogger(__name__)

TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}
"""The content types by file suffix. Other files can only be downloaded."""

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}
"""Headers with which no stored file can run as a script on Airflow's origin, and no proxy caches it."""

MOST_TASKS = 1000

MOST_INDEX = 2**31 - 1
"""The largest map index that Airflow's database can hold."""

NOTHING = "There is nothing to play here."

Word = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Index = Annotated[int, Field(ge=-1, le=MOST_INDEX)]


class Wanted(BaseModel):
    """The body of a request for facts.

    :param tasks: DAG, run, task and map index of each task; in a loop, the index in the region, and the region.
    """

    tasks: Annotated[
        list[tuple[Word, Word, Word, Index] | tuple[Word, Word, Word, Index, UUID]], Field(max_length=1000)
    ]


def make_app() -> FastAPI:
    """Makes the FastAPI application with all routes."""
    app = FastAPI(title="Seedance", docs_url=None, redoc_url=None, openapi_url=None)
    app.get("/about")(about)
    app.post("/facts")(facts)
    app.get("/budgets")(budgets)
    may_list = Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))
    app.get("/tasks/{dag_id}", dependencies=[may_list])(tasks)
    may_read = Depends(requires_access_dag("GET", DagAccessEntity.XCOM))
    app.api_route("/playback/{dag_id}", methods=["GET", "HEAD"], dependencies=[may_read])(playback)
    return app


def about(user: GetUserDep) -> dict[str, bool]:
    """The features that this installation offers, for any logged-in user."""
    return {"playback": bool(_roots()), "facts": True, "tasks": can_list(), "budgets": bool(ledger_conn_id())}


def facts(user: GetUserDep, wanted: Wanted) -> dict[str, Any]:
    """The XComs about videos of many tasks, for the DAGs whose XComs the user may read.

    It is a POST only because the list of tasks may be long; it changes nothing.

    :param user: the logged-in user.
    :param wanted: the tasks.
    :return: `told`, the XComs by key for each task, in the order of the request, or `None`; `served`, in the same
        order, the items of the task's manifest that `playback` sends if they exist; and `denied`, the DAGs that the
        user may not read.
    """
    tasks: list[Task] = [task if len(task) == 5 else (*task, None) for task in wanted.tasks]
    dags = {task[0] for task in tasks}
    allowed = {dag_id for dag_id in dags if _may_read(user, dag_id)}
    told = told_by([task for task in tasks if task[0] in allowed]) if allowed else {}
    roots = _roots()

    def copies(task: Task) -> list[str]:
        # Without roots, no manifest has to be decoded for this.
        return served(as_object(told.get(task, {}).get("return_value")), roots, task[0]) if roots else []

    return {
        "told": [told.get(task) for task in tasks],
        "served": [copies(task) for task in tasks],
        "denied": sorted(dags - allowed),
    }


def tasks(
    user: GetUserDep,
    dag_id: str,
    run_id: Annotated[str, Query(max_length=300)] = "~",
    operator: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    map_index: Annotated[list[int], Query(max_length=20)] = [],  # noqa: B006
    run_after_gte: datetime | None = None,
    updated_at_gte: datetime | None = None,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_TASKS)] = MOST_TASKS,
) -> dict[str, Any]:
    """The task instances that create, await or store videos, of the DAGs that the user may read.

    The parameters are those of Airflow's own list of task instances.
    """
    if not can_list():
        raise HTTPException(404, "Airflow's own list is to be asked here.")
    # Airflow's own dependency would look for the auth manager in the state of Airflow's application, not of this one.
    readable = PermittedTIFilter(get_auth_manager().get_authorized_dag_ids(user=user, method="GET"))
    window = Window(dag_id, run_id, operator, map_index, run_after_gte, updated_at_gte)
    return tasks_in(window, readable, offset=offset, limit=limit)


def budgets(user: GetUserDep) -> dict[str, Any]:
    """The state of the budgets of the DAGs and connections that the user may read. It needs a ledger in a database."""
    conn_id = ledger_conn_id()
    if not conn_id:
        raise HTTPException(404, "There is no ledger here.")
    may_see = get_auth_manager().is_authorized_connection
    return budget_lines(
        conn_id,
        cache(lambda dag_id: _may_read(user, dag_id)),
        cache(lambda name: may_see(method="GET", details=_connection(name), user=user)),
    )


def _connection(conn_id: str) -> ConnectionDetails:
    """The connection as the auth manager expects it; with several teams, the connection's team is part of it."""
    from airflow.models.connection import Connection

    team_of = getattr(Connection, "get_team_name", None)
    if team_of is None or not conf.getboolean("core", "multi_team", fallback=False):
        return ConnectionDetails(conn_id=conn_id)
    return ConnectionDetails(conn_id=conn_id, team_name=team_of(conn_id))


def _may_read(user: Any, dag_id: str) -> bool:
    """Whether the user may read a DAG's XComs, decided as Airflow's own routes decide it."""
    request: Any = SimpleNamespace(path_params={"dag_id": dag_id}, query_params={})
    try:
        requires_access_dag("GET", DagAccessEntity.XCOM)(request, user)
    except HTTPException as error:
        if error.status_code != status.HTTP_403_FORBIDDEN:
            raise
        return False
    return dag_id != "~"  # the wildcard for all DAGs


def playback(
    request: Request,
    dag_id: str,
    run_id: Annotated[str, Query(max_length=300)],
    task_id: Annotated[str, Query(max_length=300)],
    map_index: Annotated[int, Query(ge=-1, le=MOST_INDEX)] = -1,
    region_id: UUID | None = None,
    region_index: Annotated[int | None, Query(ge=-1, le=MOST_INDEX)] = None,
    what: Copy = "uri",
    download: bool = False,
    wanted: Annotated[str | None, Header(alias="Range")] = None,
    if_range: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Sends the stored copy that a task's manifest names, or the range of it that the headers ask for.

    :param what: the item of the manifest: the video, its last frame or its thumbnail.
    :param download: whether the browser should save the file instead of showing it.
    """
    roots = _roots()
    if not roots:
        raise HTTPException(404, NOTHING)
    index = map_index if region_index is None else region_index
    try:
        place = place_of(returned_by((dag_id, run_id, task_id, index, region_id)).get(what), roots, dag_id)
        stored = open_place(place)
    except (RefusedError, NotThereError) as error:
        log.info("Not played: %s of %s (%s).", what, dag_id, error or "not there")
        raise HTTPException(404, NOTHING) from None
    except NoConnectionError as error:
        log.warning("Not played: connection %s of [seedance] playback_roots is not defined.", error)
        raise HTTPException(503, "The connection that opens the storage is not defined.") from None
    except Exception as error:
        log.exception("Not played: the storage failed")
        raise HTTPException(502, f"The storage failed ({type(error).__name__}).") from None
    part = part_of(stored.size, stored.etag, wanted=wanted, if_range=if_range, if_none_match=if_none_match)
    name = place.key.rpartition("/")[2]
    content_type = TYPES.get(name.rpartition(".")[2].lower())
    how = "attachment" if download or content_type is None else "inline"
    headers = {**SAFE, "ETag": stored.etag, "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}"}
    if part.status == 416:
        headers["Content-Range"] = f"bytes */{stored.size}"
    elif part.status != 304:
        headers["Content-Length"] = str(part.stop - part.start)
        if part.status == 206:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{stored.size}"
    kind = content_type or "application/octet-stream"
    if request.method == "HEAD" or part.status in (304, 416):
        stored.close()
        return Response(status_code=part.status, headers=headers, media_type=kind)
    return StreamingResponse(stored.read(part.start, part.stop), part.status, headers, kind)


def _roots() -> list[Root]:
    setting = conf.get("seedance", "playback_roots", fallback="") or ""
    try:
        return read_roots(setting)
    except RefusedError as error:
        log.warning("No playback at all: %s", error)
        return []
