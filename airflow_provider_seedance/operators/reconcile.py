"""The reconcile operator: compares the vendors' videos with the records and deliveries in the ledger."""

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
"""The most rows of the result in the XCom."""


class SeedanceReconcileOperator(BaseOperator):
    """Compares the videos that vendors have made, and bill, with the records and deliveries in the ledger.

    It finds lost submissions by their marks (and records their ids), videos that were paid for but never delivered
    (orphans), submissions whose fate can't be told, and videos that this Airflow didn't submit. It only reads from the
    vendors: nothing is created or cancelled. It needs `[seedance] ledger_conn_id`; without one, the result names what
    could not be checked. The task succeeds whatever it finds: `calls_for_action` in the result is for the next task.

    The result: `since, until, is_whole, calls_for_action, counts, costs, accounts, rows` (the first 50 that call for
    action, were not submitted here or could not be told), `left_off, report`. Gauges: `seedance.reconciled_videos` and
    `seedance.reconciled_cost`, by vendor, connection and kind.

    :param seedance_conn_id: the id of a vendor's connection, or a list of ids. Default: every connection with
        submissions in the ledger in that time. (templated)
    :param since: the start of the time span, ISO 8601 (UTC if it has no offset). Default: the start of the data
        interval, or a day before the end if the interval is empty or missing; earlier by `overlap`. (templated)
    :param until: the end of the time span, exclusive. Default: the end of the data interval, or now if there is none.
        (templated)
    :param land_to: the destination for orphans, a path like `output_path` of the create operator. Default: orphans are
        only reported. (templated)
    :param object_storage_conn_id: the connection that opens the storage of `land_to` and `report_path`. Default: the
        one that the path names; otherwise the machine's own credentials. (templated)
    :param report_path: a file, on any object storage, to which the whole result is written as JSON. (templated)
    :param overlap: how much earlier a span without `since` starts, in seconds or as a timedelta, so that a video that
        was unfinished at the end of one run is checked again by the next. Default: a day.
    :param settle: the time after a submission or the end of a video during which its task may still be busy with it,
        in seconds or as a timedelta. Default: 900.
    :param most_seconds: the most time for one connection, in seconds or as a timedelta. Default: 600.
    :param most_pages: the most pages to read of each of a vendor's lists. Default: 20.
    :param most_ids: the most videos to read one by one, per connection. Default: 1,000.
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
        """Reconciles, sends the metrics, and returns the summary.

        :param context: the task's context.
        :return: the result as described above, in JSON types.
        :raises SeedanceError: no connection is known, or the time span is invalid.
        :raises LedgerDownError: the ledger's database can't be reached.
        """
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
        """The start and the end of the time span, in Unix time.

        :raises InvalidRequestError: a moment is not ISO 8601, or the start is not before the end.
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

        # Older versions of Airflow let a `conn_id` of None override the connection that the path names.
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
