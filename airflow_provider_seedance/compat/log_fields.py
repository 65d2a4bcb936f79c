"""What a log record says beside its sentence, for programs: the pages read these fields and never the wording.

Airflow 3.1 and later log by structlog, whose records keep fields of their own. Older loggers take the sentence alone.
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
    :param sentence: for people; it is logged as it is, also if a percent sign is in it.
    :param warn: whether it is a warning. Default: information.
    :param fields: for programs. Those that are `None` are left out.
    """
    level = log.warning if warn else log.info
    if isinstance(log, logging.Logger):
        level("%s", sentence)
    else:
        level(sentence, **{name: value for name, value in fields.items() if value is not None})


def teller(log: Any, video_id: str | None = None) -> Callable[[Decision[Any]], None]:
    """What logs the verdict on each poll, if that has changed anything.

    Of a video, the fields are `video_id`, `video_status`, `video_progress` (percent) and, if the poll failed,
    `wait_reason`; of other jobs there is the sentence alone.

    :param log: a task's or trigger's own logger.
    :param video_id: which video is asked for.
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
