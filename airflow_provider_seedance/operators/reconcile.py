"""The reconcile operator: what vendors have made, against what was recorded and delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_seedance.exceptions import airflow_errors

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_seedance.reconcile.report import Report

_DAY = timedelta(days=1)
_ROWS = 50
"""Rows of the result in the XCom."""


class SeedanceReconcileOperator(BaseOperator):
    """Compares what vendors have made, and bill, with what the ledger has recorded and delivered.

    It finds lost submissions by their marks (and notes their ids), videos that were paid for and never delivered
    (orphans), submissions that nobody can tell anything about, and videos that are none of this Airflow's. At the
    vendors it only reads: nothing is created or cancelled. It needs `[seedance] ledger_conn_id`; what it can't know
    without one is said in the result. It ends with success whatever it finds: `calls_for_action` in the result is for
    the next task.

    The result: `since, until, is_whole, calls_for_action, counts, costs, accounts, rows` (the first 50 that call for
    action, are strangers or could not be told), `left_off, report`. Gauges: `seedance.reconciled_videos` and
    `seedance.reconciled_cost`, by vendor, connection and kind.

    :param seedance_conn_id: a vendor's connection, or a list of them. Default: all by which the ledger knows
        submissions in that time. (templated)
    :param since: the first moment, ISO 8601 (UTC unless it says otherwise). Default: the begin of the data interval,
        or a day before the end where that is empty or missing; earlier by `overlap`. (templated)
    :param until: the moment at which it ends, left out itself. Default: the end of the data interval; now where there
        is none. (templated)
    :param land_to: where orphans are landed, a path as `output_path` of the create operator. Default: they are only
        named. (templated)
    :param object_storage_conn_id: the connection that opens that storage, and the report's. (templated)
    :param report_path: a file, on any object storage, that gets the whole result as JSON. (templated)
    :param overlap: seconds, or a timedelta, by which a span that isn't given begins earlier: what was under way at the
        end of one run is looked at again by the next. Default a day.
    :param settle: seconds, or a timedelta, for which a task may still be about to do what it has not done. Default 900.
    :param most_seconds: seconds, or a timedelta, that one connection may take. Default 600.
    :param most_pages: of each list of a vendor. Default 20.
    :param most_ids: videos that are read one by one, for each connection. Default 1,000.
    """

    template_fields: Sequence[str] = (
        "seedance_conn_id",
        "since",
        "until",
        "land_to",
        "object_storage_conn_id",
        "report_path",
    )
    ui_color = "#d6e6f0"

    def __init__(
        self,
        *,
        seedance_conn_id: str | Sequence[str] | None = None,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        land_to: str | None = None,
        object_storage_conn_id: str | None = None,
        report_path: str | None = None,
        overlap: float | timedelta = 86_400.0,
        settle: float | timedelta = 900.0,
        most_seconds: float | timedelta = 600.0,
        most_pages: int = 20,
        most_ids: int = 1_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.seedance_conn_id = seedance_conn_id
        self.since = since
        self.until = until
        self.land_to = land_to
        self.object_storage_conn_id = object_storage_conn_id
        self.report_path = report_path
        self.overlap = overlap
        self.settle = settle
        self.most_seconds = most_seconds
        self.most_pages = most_pages
        self.most_ids = most_ids
        if land_to is not None:
            from airflow_provider_seedance.landing.path_template import check_paths

            check_paths(land_to, None, None, has_id=True)

    def execute(self, context: Context) -> dict[str, Any]:
        """Reconciles, tells the metrics, and returns the summary."""
        from airflow_provider_seedance.api.durations import seconds
        from airflow_provider_seedance.reconcile.asking import Bounds
        from airflow_provider_seedance.reconcile.connections import Landing, open_ledger, reconcile
        from airflow_provider_seedance.reconcile.judging import Span
        from airflow_provider_seedance.reconcile.metrics import tell

        named = self.seedance_conn_id
        conn_ids = [named] if isinstance(named, str) else list(named or ())
        landing = Landing(self.land_to, self.object_storage_conn_id) if self.land_to else None
        with airflow_errors():
            since, until = self._span(context)
            settle = seconds("settle", self.settle) if self.settle else 0.0
            bounds = Bounds(self.most_pages, self.most_ids, seconds=seconds("most_seconds", self.most_seconds))
            report = reconcile(conn_ids, open_ledger(), Span(since, until, settle), bounds=bounds, landing=landing)
        self.log.info("%s", report.as_text())
        tell(report)
        told = report.as_json(most=_ROWS)
        if self.report_path:
            told["report"] = self._write(report, self.report_path)
        return told

    def _span(self, context: Context) -> tuple[float, float]:
        """The span of time, in Unix time.

        :raises InvalidRequestError: it is none.
        """
        from airflow_provider_seedance.api.durations import seconds
        from airflow_provider_seedance.api.errors import InvalidRequestError

        try:
            until = _moment(self.until) or context.get("data_interval_end") or datetime.now(tz=UTC)
            since: datetime | None = _moment(self.since) or context.get("data_interval_start")
        except ValueError:
            raise InvalidRequestError("Nothing was asked. since, until: no ISO 8601.") from None
        if not self.since:
            begin = until - _DAY if since is None or since >= until else since
            since = begin - timedelta(seconds=seconds("overlap", self.overlap) if self.overlap else 0.0)
        if since is None or since >= until:
            raise InvalidRequestError("Nothing was asked. since must be before until.")
        return since.timestamp(), until.timestamp()

    def _write(self, report: Report, path: str) -> str:
        import json

        from airflow.providers.common.compat.sdk import ObjectStoragePath

        # Older Airflows take a `conn_id` of None for the word that there is none, though the path names one.
        options = {"conn_id": self.object_storage_conn_id} if self.object_storage_conn_id else {}
        place = ObjectStoragePath(path, **options)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(report.as_json(), indent=1))
        return path


def _moment(value: str | datetime | None) -> datetime | None:
    if value is None or value == "":
        return None
    read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    return read if read.tzinfo else read.replace(tzinfo=UTC)
