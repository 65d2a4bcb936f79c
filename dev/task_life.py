"""A task instance's life without a scheduler: attempts, deferrals, retries and deaths, against a real HTTP server.

What Airflow does around an operator is done here in the same order: each step (an attempt, a resumption) makes a new
operator, as a new worker process does; only what Airflow keeps (task state or ledger, the trigger's stored arguments)
goes from one step to the next. A step can die at a named place: by an exception that nothing catches, or, with
`forked`, as a process of its own by SIGKILL.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.polling.watching import Watcher
from airflow_provider_seedance.submissions.failover import FailOver
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.submissions.submitter import Submitter
from airflow_provider_seedance.tasks import deferral
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from dev.fault_rows import AFTER_POST as AFTER_POST
from dev.fault_rows import AFTER_RECORD as AFTER_RECORD
from dev.fault_rows import BEFORE_POST as BEFORE_POST
from dev.fault_rows import BEFORE_XCOM as BEFORE_XCOM
from dev.fault_rows import BETWEEN_VENDORS as BETWEEN_VENDORS
from dev.fault_rows import IN_EXECUTE_COMPLETE as IN_EXECUTE_COMPLETE
from dev.fault_rows import IN_TRIGGER as IN_TRIGGER
from dev.fault_rows import WHILE_DEFERRED as WHILE_DEFERRED
from tests.support.pauses import shorten_pauses

_FAIL = "__fail__"


class DeathError(BaseException):
    """Stands for the death of the process: no `except Exception` sees it."""


class UnstorableError(Exception):
    """Airflow or its database can't take what it was given. In the triggerer this ends everybody's triggers."""


class TaskState:
    """What `context["task_state_store"]` is to a task: values as JSON, for all attempts."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or the default."""
        return json.loads(self.kept[key]) if key in self.kept else default

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        """Keeps the value."""
        self.kept[key] = json.dumps(value)

    def delete(self, key: str) -> None:
        """Forgets the value, if there is one."""
        self.kept.pop(key, None)


@dataclass
class Ti:
    """As much of a task instance as the operator looks at."""

    try_number: int = 1
    max_tries: int = 2
    dag_id: str = "dag"
    task_id: str = "create"
    run_id: str = "run"
    map_index: int = -1
    start_date: datetime | None = field(default_factory=lambda: datetime.now(tz=UTC))
    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        """Keeps the value."""
        self.xcoms[key] = value


@dataclass
class Run:
    """As much of a DAG run as the operator looks at."""

    start_date: datetime | None = datetime(2026, 11, 21, tzinfo=UTC)
    run_after: datetime | None = datetime(2026, 11, 21, tzinfo=UTC)
    clear_number: int = 0
    id: int | None = None


@dataclass(frozen=True)
class Step:
    """What one process does for the task.

    :param operator: its arguments.
    :param ti: the task instance.
    :param method: `execute`, or where a deferral resumes.
    :param kwargs: for that method.
    :param die: the place where the process dies, if it does.
    :param kill: die by SIGKILL instead of an exception.
    :param run: the DAG run.
    """

    operator: dict[str, Any]
    ti: Ti
    method: str = "execute"
    kwargs: dict[str, Any] = field(default_factory=dict)
    die: str | None = None
    kill: bool = False
    run: Run = field(default_factory=Run)


@dataclass(frozen=True)
class Result:
    """What came of a step: a value, a deferral or an error. Plain data, so that it can come from another process."""

    kind: str
    value: dict[str, Any] = field(default_factory=dict)
    xcoms: dict[str, Any] = field(default_factory=dict)
    trigger: tuple[str, dict[str, Any]] | None = None
    method: str = ""
    kwargs: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    message: str = ""
    retryable: bool = True


def work(step: Step, state: TaskState | None) -> Result:
    """Does a step in this process.

    :param state: the task's state; without it the operator uses the ledger, if one is configured.
    """
    task = SeedanceCreateVideoOperator(**{"task_id": step.ti.task_id, **step.operator})
    stored = {"task_state_store": state} if state is not None else {}
    context = cast("Any", {"ti": step.ti, "dag_run": step.run, **stored})
    with _death(step):
        try:
            if step.method == "execute":
                value = task.execute(context)
            else:
                value = task.resume_execution(step.method, step.kwargs, context)
            if step.die == BEFORE_XCOM:
                _die(step.kill)
        except TaskDeferred as deferral_:
            trigger = deferral_.trigger.serialize()
            kwargs = as_stored(dict(deferral_.kwargs or {}))
            return Result("deferred", trigger=trigger, method=deferral_.method_name, kwargs=kwargs, xcoms=step.ti.xcoms)
        except Exception as error:
            return Result(
                "failed",
                error=type(error).__name__,
                message=str(error),
                retryable=not isinstance(error, AirflowFailException),
                xcoms=step.ti.xcoms,
            )
    return Result("done", value=as_stored(value), xcoms=as_stored(step.ti.xcoms))


def as_stored(value: Any) -> Any:
    """What comes back from Airflow's database.

    :raises UnstorableError: if it can't be encoded, or PostgreSQL would refuse it.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode().decode()
        kept = json.loads(text, parse_int=_whole)
    except (ValueError, OverflowError, RecursionError) as error:
        raise UnstorableError(f"{type(error).__name__}: {error}") from None
    if "\\u0000" in text:
        raise UnstorableError("a text with NUL in it")
    return kept


def _whole(digits: str) -> int:
    if abs(number := int(digits)) >= 2**63:
        raise OverflowError(f"a number of {len(digits)} digits")
    return number


def watch(path: str, kwargs: dict[str, Any], die: str | None = None, kill: bool = False) -> dict[str, Any]:
    """Runs a trigger, made from what Airflow has stored of it; gives the event's payload as Airflow stores it."""
    module, _, name = path.rpartition(".")
    trigger = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))

    async def first() -> Any:
        async for event in trigger.run():
            return event.payload
        return None

    with ExitStack() as stack:
        if die == WHILE_DEFERRED:
            stack.enter_context(patch.object(Watcher, "next", _dying_after_news(Watcher.next, kill)))
        if die == IN_TRIGGER:
            stack.enter_context(patch.object(SeedanceVideoTrigger, "run", _breaking))
        payload: dict[str, Any] = as_stored(asyncio.run(first()))
        return payload


async def _breaking(self: SeedanceVideoTrigger) -> AsyncIterator[Any]:
    raise RuntimeError("a defect in the trigger")
    yield  # which makes it a generator, as `run` is


@dataclass
class Ended:
    """How a task instance's life ended.

    :param attempts: how many there were.
    :param delivered: what the task returned, if it did.
    :param error: the last attempt's error class, if it failed.
    :param message: of that error.
    """

    attempts: int
    delivered: dict[str, Any] | None = None
    error: str = ""
    message: str = ""


Hook = Callable[[int, str], None]


class TaskLife:
    """One task instance and all its attempts.

    :param operator: arguments of the create operator.
    :param retries: as on the task.
    :param dies: at which place the first attempt dies.
    :param forked: whether each step is a process of its own, and dies by SIGKILL. Records are kept in the ledger then.
    :param before: called with the attempt and the method before each step (`watch` for the trigger).
    :param map_index: of the task instance, which tells mapped ones from each other.
    """

    def __init__(
        self,
        operator: dict[str, Any],
        *,
        retries: int = 2,
        dies: str | None = None,
        forked: bool = False,
        before: Hook | None = None,
        map_index: int = -1,
    ) -> None:
        self.operator = operator
        self.retries = retries
        self.dies = dies
        self.forked = forked
        self.before = before
        self.map_index = map_index
        self.state = None if forked else TaskState()

    def live(self) -> Ended:
        """Attempts until one succeeds, one fails for good, or none is left."""
        last = Result("failed", error="DeathError")
        for number in range(1, self.retries + 2):
            step = Step(self.operator, Ti(number, self.retries, map_index=self.map_index), kill=self.forked)
            try:
                last = self._attempt(replace(step, die=self.dies if number == 1 else None))
            except DeathError:
                last = Result("failed", error="DeathError")
                continue
            except UnstorableError as error:
                return Ended(number, error=type(error).__name__, message=str(error))
            if last.kind == "done":
                return Ended(number, delivered=last.value)
            if not last.retryable:
                break
        return Ended(number, error=last.error, message=last.message)

    def tear(self, how: str) -> bool:
        """Spoils what was noted, as a full disk or a writer that was killed does; false if there is nothing.

        :param how: "empty", or "half" of it is left.
        """

        def torn(text: str) -> str:
            return "" if how == "empty" else text[: len(text) // 2]

        if self.state is not None:
            # This store holds JSON values only: half a text is a text.
            self.state.kept = {key: json.dumps(torn(text)) for key, text in self.state.kept.items()}
            return bool(self.state.kept)
        ledger = Path(os.environ["AIRFLOW__SEEDANCE__LEDGER_PATH"].removeprefix("file://"))
        files = [file for file in ledger.rglob("*") if file.is_file()]
        for file in files:
            file.write_text(torn(file.read_text()))
        return bool(files)

    def _attempt(self, step: Step) -> Result:
        result = self._do(step)
        while result.trigger:
            try:
                payload = self._watch(step, result.trigger)
                step = replace(step, method=result.method, kwargs={**result.kwargs, "event": payload})
            except RuntimeError as error:
                if UnstorableError.__name__ in str(error):
                    raise UnstorableError(str(error)) from None
                step = replace(step, method=_FAIL, kwargs={"error": "Trigger failure"})
            result = self._do(step)
        return result

    def _do(self, step: Step) -> Result:
        if self.before:
            self.before(step.ti.try_number, step.method)
        result: Result = in_a_process(work, step, None) if self.forked else work(step, self.state)
        return result

    def _watch(self, step: Step, trigger: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        if self.before:
            self.before(step.ti.try_number, "watch")
        run = in_a_process if self.forked else _here
        try:
            payload: dict[str, Any] = run(watch, *trigger, step.die, step.kill)
        except DeathError:
            # A triggerer died: another one takes the trigger up from what is stored, in the same attempt.
            payload = run(watch, *trigger)
        return payload


def _here(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def _die(kill: bool) -> None:
    if kill:
        os.kill(os.getpid(), signal.SIGKILL)
    raise DeathError


def _dying_before(function: Callable[..., Any], kill: bool) -> Callable[..., Any]:
    def dying(*args: Any, **kwargs: Any) -> Any:
        _die(kill)

    return dying


def _dying_after(function: Callable[..., Any], kill: bool) -> Callable[..., Any]:
    def dying(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        _die(kill)

    return dying


def _dying_before_the_last(function: Callable[..., Any], kill: bool) -> Callable[..., Any]:
    def dying(*args: Any, is_last: bool) -> Any:
        if is_last:
            _die(kill)
        return function(*args, is_last=is_last)

    return dying


def _dying_after_news(function: Callable[..., Any], kill: bool) -> Callable[..., Any]:
    async def dying(*args: Any) -> Any:
        await function(*args)
        _die(kill)

    return dying


_TARGETS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    BEFORE_POST: (SeedanceHook, "create_video", _dying_before),
    AFTER_POST: (Submitter, "_note", _dying_before),
    AFTER_RECORD: (Submitter, "_note", _dying_after),
    IN_EXECUTE_COMPLETE: (deferral, "video_of_event", _dying_after),
    BETWEEN_VENDORS: (FailOver, "_obtain_at", _dying_before_the_last),
}


@contextlib.contextmanager
def _death(step: Step) -> Iterator[None]:
    """Has the process die at the step's place."""
    target = _TARGETS.get(step.die or "")
    if target is None:
        yield
        return
    owner, name, dying = target
    with patch.object(owner, name, dying(getattr(owner, name), step.kill)):
        yield


# -- processes of their own ------------------------------------------------------------------------------------------

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["dev.task_life"])


def begin_in_a_process(function: Callable[..., Any], *args: Any) -> tuple[BaseProcess, Connection]:
    """Begins to call the function in a new process, for those who kill it themselves.

    :return: the process, and where it says how that ended: `("value", ...)` or `("broke", its error)`.
    """
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_child, args=(theirs, dict(os.environ), Haste(), function, args))
    process.start()
    theirs.close()
    return process, ours


def in_a_process(function: Callable[..., Any], *args: Any) -> Any:
    """Calls the function in a new process; raises `DeathError` if it was killed."""
    process, ours = begin_in_a_process(function, *args)
    try:
        kind, value = ours.recv()
    except EOFError:
        process.join()
        if process.exitcode != -signal.SIGKILL:
            raise RuntimeError(f"the process ended with {process.exitcode}") from None
        raise DeathError from None
    process.join()
    if kind == "broke":
        raise RuntimeError(value)
    return value


def _child(pipe: Any, environment: dict[str, str], pace: Haste, function: Callable[..., Any], args: Any) -> None:
    os.environ.clear()
    os.environ.update(environment)
    pace.apply()
    try:
        answer = ("value", function(*args))
    except Exception as error:
        answer = ("broke", f"{type(error).__name__}: {error}")
    pipe.send(answer)


# -- no time to lose -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Haste:
    """Waits that are minutes in life, in seconds.

    :param pauses: of the operator on its worker.
    :param backoff: between repeated calls.
    """

    pauses: Pauses = field(default_factory=partial(Pauses, look_up=(0.0, 0.05), rewrite=(0.0, 0.0), room=0.02))
    backoff: float = 0.01

    def apply(self) -> None:
        """Sets the package's waits, in this process, for good."""
        SeedanceCreateVideoOperator.pauses = self.pauses
        shorten_pauses(pytest.MonkeyPatch(), self.backoff)
