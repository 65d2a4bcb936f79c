"""The part of Airflow's public REST API (v2) that the demo and the tests use."""

import json
import time
from typing import Any

import httpx
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_fixed

Json = dict[str, Any]
FINISHED_RUN = frozenset({"success", "failed"})


class AirflowApi:
    """A logged-in client.

    :param url: the api-server's address
    :param username: the user
    :param password: the user's password
    """

    def __init__(self, url: str, username: str, password: str) -> None:
        self._credentials = {"username": username, "password": password}
        self.token = ""
        self._client = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def login(self) -> None:
        """Get a token; the others call it when they have none."""
        answer = self._client.post("/auth/token", json=self._credentials).raise_for_status()
        self.token = answer.json()["access_token"]
        self._client.headers["Authorization"] = f"Bearer {self.token}"

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Send one request; raise with the answer's text if it is refused.

        What may be said twice is, if the server stumbles: SQLite is locked now and then while much is going on.
        """
        if "Authorization" not in self._client.headers:
            self.login()
        stumbled = retry_if_result(lambda answer: method in ("GET", "PATCH") and answer.status_code == 500)
        answer: httpx.Response = Retrying(
            retry=stumbled,
            stop=stop_after_attempt(5),
            wait=wait_fixed(2),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )(self._client.request, method, path, **kwargs)
        if answer.is_error:
            raise httpx.HTTPStatusError(
                f"{method} {path} -> {answer.status_code}: {answer.text[:2000]}",
                request=answer.request,
                response=answer,
            )
        return answer

    def get(self, path: str, **params: Any) -> Json:
        """GET a JSON object."""
        answer: Json = self.request("GET", path, params=params).json()
        return answer

    def wait_for_dag(self, dag_id: str, timeout: float = 120) -> None:
        """Wait until the DAG processor has stored the DAG; give up early, with the reasons, if files do not load."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.get(f"/api/v2/dags/{dag_id}")
            except httpx.HTTPStatusError as error:
                if error.response.status_code != httpx.codes.NOT_FOUND or time.monotonic() > deadline:
                    raise
            else:
                return
            errors = self.import_errors()
            # Another file's error says nothing about this DAG, which may not have been read yet.
            if errors and time.monotonic() > deadline - timeout + 20:
                raise RuntimeError(f"DAG {dag_id} is not there, and DAG files do not load:\n" + "\n".join(errors))
            time.sleep(0.3)

    def read_dag_again(self, dag_id: str) -> None:
        """Ask the DAG processor to read the DAG's file now, though it has not changed."""
        token = self.get(f"/api/v2/dags/{dag_id}")["file_token"]
        self.request("PUT", f"/api/v2/parseDagFile/{token}")

    def import_errors(self) -> list[str]:
        """What is wrong with the DAG files: file name and traceback."""
        errors = self.get("/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}:\n{error['stack_trace']}" for error in errors]

    def trigger_dag(self, dag_id: str, conf: Json | None = None) -> str:
        """Unpause the DAG, start a run and return its run id."""
        self.wait_for_dag(dag_id)
        self.request("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})
        body = {"logical_date": None, "conf": conf or {}}
        run_id: str = self.request("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body).json()["dag_run_id"]
        return run_id

    def dag_run_state(self, dag_id: str, run_id: str) -> str:
        """``queued``, ``running``, ``success`` or ``failed``."""
        state: str = self.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"]
        return state

    def wait_for_run(self, dag_id: str, run_id: str, timeout: float = 300) -> str:
        """Wait until the run is finished and return its state."""
        deadline = time.monotonic() + timeout
        while (state := self.dag_run_state(dag_id, run_id)) not in FINISHED_RUN:
            if time.monotonic() > deadline:
                tasks = {task["task_id"]: task["state"] for task in self.task_instances(dag_id, run_id)}
                raise TimeoutError(f"{dag_id} {run_id} is still {state} after {timeout:.0f} s: {tasks}")
            time.sleep(0.5)
        return state

    def task_instances(self, dag_id: str, run_id: str) -> list[Json]:
        """All task instances of a run, mapped ones included."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[Json] = self.get(path, limit=100)["task_instances"]
        return found

    def task_state(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str | None:
        """The state of one task instance; None before it has one."""
        for task in self.task_instances(dag_id, run_id):
            if (task["task_id"], task["map_index"]) == (task_id, map_index):
                state: str | None = task["state"]
                return state
        return None

    def wait_for_task(
        self, dag_id: str, run_id: str, task_id: str, states: set[str], *, map_index: int = -1, timeout: float = 120
    ) -> str:
        """Wait until a task instance is in one of ``states`` and return it."""
        deadline = time.monotonic() + timeout
        while (state := self.task_state(dag_id, run_id, task_id, map_index)) not in states:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{dag_id}.{task_id} is {state} after {timeout:.0f} s, not one of {sorted(states)}")
            time.sleep(0.3)
        assert state is not None  # noqa: S101 - for mypy: None is in no set of strings
        return state

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        """One XCom value, or None when there is none."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        try:
            return self.get(path, map_index=map_index, deserialize=False)["value"]
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                return None
            raise

    def task_log(
        self, dag_id: str, run_id: str, task_id: str, try_number: int | None = None, map_index: int = -1
    ) -> str:
        """The log of one try (the latest by default) as plain lines."""
        task = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        if try_number is None:
            number = self.get(f"{task}/{map_index}" if map_index >= 0 else task)["try_number"]
            try_number = max(int(number), 1)
        answer = self.request(
            "GET",
            f"{task}/logs/{try_number}",
            params={"map_index": map_index, "full_content": True},
            headers={"Accept": "application/x-ndjson"},
        )
        return "\n".join(_log_lines(answer.text))

    def jobs(self, job_type: str) -> list[Json]:
        """The living components of a kind (``SchedulerJob``, ``TriggererJob``, ``DagProcessorJob``), newest first."""
        found: list[Json] = self.get("/api/v2/jobs", job_type=job_type, is_alive=True, order_by="-id")["jobs"]
        return found

    def close(self) -> None:
        """Close the HTTP connections."""
        self._client.close()


def _log_lines(ndjson: str) -> list[str]:
    """Turn structured log events into the lines that the UI shows."""
    lines = []
    for line in ndjson.splitlines():
        event = json.loads(line)
        if isinstance(event, str):
            lines.append(event)
            continue
        lines.append(" ".join(str(event[key]) for key in ("timestamp", "level", "event") if event.get(key)))
        problems = event.get("error_detail") or []
        lines += [f"  {problem.get('exc_type')}: {problem.get('exc_value')}" for problem in problems]
    return lines
