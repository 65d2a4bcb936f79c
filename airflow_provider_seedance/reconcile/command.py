"""The reconcile command: its arguments, output and exit codes."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.http.httpx_transport import without_request_lines
from airflow_provider_seedance.reconcile.asking import Bounds
from airflow_provider_seedance.reconcile.connections import Landing, open_ledger, reconcile
from airflow_provider_seedance.reconcile.judging import Span
from airflow_provider_seedance.reconcile.report import NOT_TOLD

_DESCRIPTION = """\
Compares what vendors have made, and bill, with what the ledger has recorded and delivered. At the vendors it only
reads: nothing is created or cancelled. The id of a lost submission that is found by its mark is noted in the
ledger."""

_EXIT_CODES = """\
exit codes: 0 all accounted for; 1 there are orphans, doubts or the like; 2 not everything could be told, or not
run."""

_AGO = re.compile(r"(\d+)([hd])")
_SECONDS = {"h": 3600.0, "d": 86400.0}


def moment(text: str, now: float) -> float:
    """Reads a moment.

    :param text: ISO 8601 (UTC if it has no offset), or a time before now, such as `36h` or `7d`.
    :param now: the current Unix time.
    :return: Unix time.
    :raises ValueError: the text is neither.
    """
    if ago := _AGO.fullmatch(text.strip()):
        return now - int(ago.group(1)) * _SECONDS[ago.group(2)]
    read = datetime.fromisoformat(text.strip())
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    :param argv: the command line's arguments. Default: those of the process.
    :return: the exit code: 0 if everything is accounted for, 1 if findings call for action, 2 if the result is
        incomplete or the command failed.
    """
    options = _arguments(argv)
    landing = Landing(options.land_to, options.object_storage_conn_id) if options.land_to else None
    bounds = Bounds(options.most_pages, options.most_ids, seconds=options.most_seconds)
    try:
        ledger = open_ledger(options.ledger_conn_id)
        span = Span(options.since, options.until, options.settle)
        with _logs_on_stderr():
            report = reconcile(options.conn_id, ledger, span, bounds=bounds, landing=landing)
    except Exception as error:
        # The messages of other libraries' errors may quote a connection.
        said = str(error) if isinstance(error, SeedanceError | OSError) else type(error).__name__
        sys.stderr.write(f"Not run: {said}\n")
        return NOT_TOLD
    whole = json.dumps(report.as_json(), indent=1)
    if options.report:
        options.report.write_text(f"{whole}\n", encoding="utf-8")
    sys.stdout.write(f"{whole}\n" if options.json else report.as_text(show_all=options.all))
    return report.exit_code


@contextmanager
def _logs_on_stderr() -> Iterator[None]:
    """Redirects the logs of Airflow and the lander from stdout to stderr, so that stdout holds only the result.

    It redirects the file descriptor as well, since some loggers keep the stream that they were created with.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr), without_request_lines():
            yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_seedance.reconcile", description=_DESCRIPTION, epilog=_EXIT_CODES
    )
    add = parser.add_argument
    add("--conn-id", action="append", default=[], help="a vendor's connection; default: all that the ledger knows")
    add("--ledger-conn-id", help="the ledger's connection; default: `[seedance] ledger_conn_id`")
    add("--since", default="24h", help="ISO 8601, or how long ago: 36h, 7d (default 24h)")
    add("--until", default="0h", help="the same; default: now")
    add("--settle", type=float, default=900.0, help="seconds for which a task may be about to act (default 900)")
    add("--land-to", help="land orphans there: a path as `output_path` of the create operator")
    add("--object-storage-conn-id", help="the connection that opens that storage")
    add("--json", action="store_true", help="print JSON")
    add("--all", action="store_true", help="show delivered, failed and running videos, too")
    add("--report", type=Path, help="write the whole result as JSON there")
    add("--most-pages", type=int, default=Bounds.pages, help="of each list (default %(default)s)")
    add("--most-ids", type=int, default=Bounds.ids, help="videos read one by one (default %(default)s)")
    add("--most-seconds", type=float, default=Bounds.seconds, help="for each connection (default %(default)s)")
    options = parser.parse_args(argv)
    now = time.time()
    for name in ("since", "until"):
        try:
            setattr(options, name, moment(getattr(options, name), now))
        except ValueError:
            parser.error(f"--{name} is neither ISO 8601 nor like 36h or 7d")
    if options.since >= options.until:
        parser.error("--since must be before --until")
    if min(options.most_pages, options.most_ids) < 1 or options.most_seconds <= 0 or options.settle < 0:
        parser.error("--most-pages, --most-ids and --most-seconds are above 0, --settle is 0 or more")
    return options
