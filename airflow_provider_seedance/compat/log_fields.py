"""Structured fields in log records: the UI's pages read these fields, and never the sentence.

Airflow 3.1 and later log through structlog, whose records keep the fields. Older loggers accept only the sentence.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_seedance.api.jobs import Decision


def tell(log: Any, sentence: str, *, warn: bool = False, **fields: Any) -> None:
    """Logs a sentence with fields.

    :param log: a task's or trigger's own logger.
    :param sentence: the sentence for people, which is logged as it is, even with percent signs in it.
    :param warn: whether to log at WARNING. Default: no, at INFO.
    :param fields: the fields for programs; `None` values are left out.
    """
    level = log.warning if warn else log.info
    if isinstance(log, logging.Logger):
        level("%s", sentence)
    else:
        level(sentence, **{name: value for name, value in fields.items() if value is not None})


def teller(log: Any, video_id: str | None = None) -> Callable[[Decision[Any]], None]:
    """Makes a function that logs the decision after each poll, if there is news.

    For a video, the fields are `video_id`, `video_status`, `video_progress` (percent) and, after a failed poll,
    `wait_reason`; for other jobs, only the sentence is logged.

    :param log: a task's or trigger's own logger.
    :param video_id: the video's id; `None` for other jobs.
    :return: the function, which takes a decision.
    """

    def tell_decision(decision: Decision[Any]) -> None:
        if not decision.note:
            return
        if video_id is None:
            tell(log, decision.note, warn=decision.warn)
            return
        video = decision.job
        tell(
            log,
            decision.note,
            warn=decision.warn,
            video_id=video_id,
            video_status=video.status.value if video else None,
            video_progress=video.progress if video else None,
            wait_reason=str(decision.doubt) if decision.doubt else None,
        )

    return tell_decision
