"""Submits a video to the first vendor of a list that accepts it; a retry resumes at the vendor that has the video."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import BudgetExceededError, InvalidRequestError, MaxCostError, SeedanceError
from airflow_provider_seedance.api.validation import check_request, for_vendor
from airflow_provider_seedance.api.vendors import find_vendor, vendor_of_model
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.submissions.moving_on import Reason, Refusal, may_move_on
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.submissions.submitter import OnUnknownSubmission, Submitter

if TYPE_CHECKING:
    from airflow_provider_seedance.api.models import Video, VideoRequest
    from airflow_provider_seedance.submissions.life import Life
    from airflow_provider_seedance.submissions.record import SubmissionRecord
    from airflow_provider_seedance.submissions.store import SubmissionStore
    from airflow_provider_seedance.submissions.submission import Submission

log = logging.getLogger(__name__)


class FailOver:
    """Obtains the one video of a task instance.

    The task's record names the connection that has its video, or may have it, and an attempt that finds such a record
    starts there. The next connection is asked only after the one before it has refused the create for one of the
    reasons that `may_move_on` accepts, and after the record of that intent has been withdrawn.

    :param conn_ids: the ids of the connections, in order of preference.
    :param store: the store of the task's record; `None` where Airflow has no place for records.
    :param request: the requested video.
    :param life: the current life of the task instance.
    :param on_unknown: what to do if it is unknown whether a video was submitted.
    :param wait_for_room: whether to wait on the worker while a vendor is saturated.
    :param check: called with the connection's hook before each submission; if it raises, nothing is submitted.
    :param pauses: the task's pauses on its worker.
    :param room_patience: seconds from the first "no room" until the next connection is asked. Default: 0.
    :param after_moderation: whether to ask the next connection after a refusal by moderation. Default: no.
    :param saturated_since: Unix time of the first "no room", if the task has already waited for room.
    :param given_up_after: see `Submitter`.
    """

    def __init__(
        self,
        conn_ids: Sequence[str],
        store: SubmissionStore | None,
        request: VideoRequest,
        *,
        life: Life,
        on_unknown: OnUnknownSubmission,
        wait_for_room: bool,
        check: Callable[[SeedanceHook], None],
        pauses: Pauses,
        room_patience: float = 0.0,
        after_moderation: bool = False,
        saturated_since: float | None = None,
        given_up_after: float | None = None,
    ) -> None:
        self._hooks = [SeedanceHook(conn_id) for conn_id in dict.fromkeys(conn_ids)]
        self._others: list[SeedanceHook] = []
        self._store = store
        self._request = request
        self._life = life
        self._on_unknown = on_unknown
        self._wait_for_room = wait_for_room
        self._check = check
        self._pauses = pauses
        self._room_patience = room_patience
        self._after_moderation = after_moderation
        self._given_up_after = given_up_after
        self._is_judged = False
        self._replaces: SubmissionRecord | None = None
        self.hook = self._hooks[0]
        """The hook of the connection being asked; after `obtain`, of the connection that has the video."""
        self.refusals: list[Refusal] = []
        """The refusals of this attempt, in order."""
        self.saturated_since = saturated_since

    @property
    def patience_left(self) -> float | None:
        """Seconds until lack of room is a reason to ask the next connection: all of `room_patience` before a "no room".

        `None` if there is only one connection, or no patience is left.
        """
        left = self._patience_left()
        return left if len(self._hooks) > 1 and left > 0 else None

    def close(self) -> None:
        """Closes the clients of all connections."""
        for hook in (*self._hooks, *self._others):
            hook.close()

    def obtain(self) -> tuple[Video, Submission]:
        """Submits the video to the first vendor that accepts it, or finds the submission of an earlier attempt.

        :return: see `Submitter.obtain`.
        :raises SeedanceRateLimitError: at least one vendor has no room, and none accepted; nothing was submitted.
        :raises SeedanceError: see `Submitter.obtain`; if several vendors refused, the error of the last one at which a
            retry can help, or else of the last one, with the reasons of all in its message.
        """
        hooks = self._from_where_it_is()
        reasons: list[str] = []
        for hook in hooks:
            self.hook = hook
            try:
                return self._obtain_at(hook, is_last=hook is hooks[-1])
            except _RefusedError as refused:
                error = refused.refusal.error
                reasons.append(str(refused.refusal))
            except (BudgetExceededError, MaxCostError) as too_dear:
                if not any(refusal.error.retryable for refusal in self.refusals):
                    raise
                # Not too dear at a vendor before it, which may take the video later.
                log.warning("%s: %s", hook.seedance_conn_id, too_dear)
                reasons.append(f"{hook.get_conn().adapter.name} ({hook.seedance_conn_id}): too dear")
                break
        no_room = [refusal.error for refusal in self.refusals if refusal.reason is Reason.NO_ROOM]
        if no_room:
            raise no_room[0]  # whatever the other vendors answered: there may be room later
        if len(reasons) == 1:
            raise error
        passing = [refusal.error for refusal in self.refusals if refusal.error.retryable]
        # The error's class must agree: a retry policy goes by it.
        error = passing[-1] if passing else error
        told = for_airflow(error, retry=bool(passing))
        told.args = (f"{error} Nobody took it: {'; '.join(reasons)}.",)
        raise told

    def _obtain_at(self, hook: SeedanceHook, *, is_last: bool) -> tuple[Video, Submission]:
        while True:
            submitter = self._submitter(hook)
            try:
                return submitter.obtain()
            except SeedanceError as error:
                # Only a refused create proves that no video exists. Any other error says nothing about that.
                refused = submitter.refusal is error
                self._replaces = submitter.replaces
                reason = may_move_on(error, after_moderation=self._after_moderation) if refused else None
                if reason is None:
                    raise
                if reason is Reason.NO_ROOM:
                    self.saturated_since = self.saturated_since or time.time()
                    if not is_last and (left := self._patience_left()) > 0:
                        if not self._wait_for_room:
                            raise
                        self._pauses.sleep(min(left, max(getattr(error, "retry_after", 0) or 0, self._pauses.room)))
                        continue
                refusal = Refusal(hook.seedance_conn_id, hook.get_conn().adapter.name, reason, error)
            self.refusals.append(refusal)
            if len(self._hooks) > 1:
                goes_on = "There is no other connection." if is_last else "Nothing was created; asking the next one."
                log.warning("%s: %s %s", refusal, refusal.error, goes_on)
            raise _RefusedError(refusal)

    def _patience_left(self) -> float:
        since = self.saturated_since
        return self._room_patience if since is None else since + self._room_patience - time.time()

    def _from_where_it_is(self) -> list[SeedanceHook]:
        """The connections to ask: all, or those from the one on which an earlier attempt submitted, or may have."""
        record = self._store.read() if self._store else None
        if record is None or record.seedance_conn_id is None:
            return self._hooks
        for number, hook in enumerate(self._hooks):
            if hook.seedance_conn_id == record.seedance_conn_id:
                return self._hooks if self._submitter(hook).begins_anew(record) else self._hooks[number:]
        return self._hooks

    def _submitter(self, hook: SeedanceHook) -> Submitter:
        return Submitter(
            hook,
            self._store,
            self._request,
            life=self._life,
            on_unknown=self._on_unknown,
            wait_for_room=self._wait_for_room,
            check=lambda: self._judge(hook),
            pauses=self._pauses,
            hook_of=self._hook_of,
            replaces=self._replaces,
            given_up_after=self._given_up_after,
        )

    def _hook_of(self, record: SubmissionRecord) -> SeedanceHook | None:
        """The hook of the connection that a record names; `None` if it names none."""
        conn_id = record.seedance_conn_id
        if conn_id is None:
            return None
        for hook in (*self._hooks, *self._others):
            if hook.seedance_conn_id == conn_id:
                return hook
        self._others.append(SeedanceHook(conn_id))
        return self._others[-1]

    def _judge(self, hook: SeedanceHook) -> None:
        """Checks the request before a submission to one vendor; before the first, for every vendor in the list.

        That way a list with a vendor that could never take the request fails before anything is paid.
        """
        if len(self._hooks) > 1 and not self._is_judged:
            for each in self._hooks:
                _judge_for(each, self._request)
            self._is_judged = True
        self._check(hook)


class _RefusedError(Exception):
    """One vendor has refused the create, and the next one may be asked."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def _judge_for(hook: SeedanceHook, request: VideoRequest) -> None:
    adapter = hook.get_conn().adapter
    try:
        owner = vendor_of_model(request.model)
        if owner not in (None, adapter.name):
            problem = (
                f"model: {request.model} is a name of {find_vendor(owner or '').title}'s alone, and {adapter.title} is "
                "asked too; name a family (`seedance-2.0`), and what accounts have for it in the connections' `models`"
            )
            raise InvalidRequestError(f"Nothing was sent. {problem}.", (problem,))
        check_request(for_vendor(request, adapter), adapter)
    except InvalidRequestError as error:
        told = f"{error} (Judged for the connection {hook.seedance_conn_id!r}.)"
        raise for_airflow(InvalidRequestError(told, error.problems)) from None
