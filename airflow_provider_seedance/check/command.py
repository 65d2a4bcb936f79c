"""The command: arguments, confirmation, exit codes."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_seedance.api.client import SeedanceClient
from airflow_provider_seedance.api.errors import SeedanceError, SubmissionUnknownError
from airflow_provider_seedance.api.http.httpx_transport import without_request_lines
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.pricing import Cost, cost_of, quantities_of
from airflow_provider_seedance.api.validation import for_vendor
from airflow_provider_seedance.api.vendors.assumptions import (
    assumptions_about,
    first_contact,
    least_of,
    smallest_request,
)
from airflow_provider_seedance.check.account import Account, NotRunError, connected
from airflow_provider_seedance.check.asking import PROMPT, ask_for_free, ask_the_list, ask_to_be_refused
from airflow_provider_seedance.check.buying import Pace, PurchaseFile, Watch, account_of, buy, look_up, planned
from airflow_provider_seedance.check.judging import Finding, judge
from airflow_provider_seedance.check.report import Report, may_have_slipped, result_of, slipped_before, write
from airflow_provider_seedance.check.seen import Purchase, Seen, described

CONFIRMATION = "buy one video"

_SMALLEST_FAMILY = "seedance-2.0-fast"

OWN_ADDRESS = "the vendor's own address"

NOT_RUN, IN_DOUBT = 2, 3

_BY_GRAVITY = (0, 4, 1, NOT_RUN, IN_DOUBT)

_DESCRIPTION = """\
Asks a real account about what this provider only read in documents. Without --buy-one it asks only what is free; one
create is sent that can't leave a video, and only where the vendor's documents say so. It writes a report without
secrets, as PATH.md and PATH.json."""

_EXIT_CODES = """\
exit codes: 0 nothing contradicts us; 1 at least one assumption doesn't hold; 2 not run, or stopped (arguments,
connection, no confirmation); 3 there may be a video whose end was not seen, and it may be billed; 4 the account can't
be asked."""


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_seedance.check",
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
    )
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--conn-id", help="an Airflow connection; AIRFLOW_CONN_<ID> in the environment will do")
    whom.add_argument(
        "--against-simulator", action="store_true", help="start the simulator and ask that: proves the tool itself"
    )
    parser.add_argument("--vendor", action="append", help="with the simulator: only this vendor; may be repeated")
    parser.add_argument("--model", help="ask about, and buy, this model or family (default: the smallest video)")
    parser.add_argument("--report", type=Path, help="where to write, without suffix (default first-contact-<conn id>)")
    parser.add_argument("--reads-only", action="store_true", help="don't send the create that must be refused")
    parser.add_argument("--buy-one", action="store_true", help="buy one video, after a typed confirmation")
    parser.add_argument("--cancel-it", action="store_true", help="with --buy-one: cancel it while it is queued")
    parser.add_argument("--poll-interval", type=float, help="seconds between reads (default 10; simulator 0.3)")
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds to watch the video (default 3600)")
    options = parser.parse_args(argv)
    if options.cancel_it and not options.buy_one:
        parser.error("--cancel-it needs --buy-one")
    if options.vendor and not options.against_simulator:
        parser.error("--vendor needs --against-simulator; a connection names its vendor itself")
    if options.poll_interval is None:
        options.poll_interval = 0.3 if options.against_simulator else 10.0
    if not 0 < options.poll_interval < float("inf") or not 0 < options.timeout < float("inf"):
        parser.error("--poll-interval and --timeout are numbers of seconds above 0")
    return options


def main(argv: Sequence[str] | None = None, *, answer: Callable[[str], str] | None = None) -> int:
    """Runs the command.

    :param answer: gives the answer to a question; default: the terminal's, and none without a terminal.
    :return: the exit code.
    """
    options = _arguments(argv)
    with without_request_lines():
        return _run(options, answer or _from_terminal)


def _run(options: argparse.Namespace, answer: Callable[[str], str]) -> int:
    try:
        if options.against_simulator:
            from airflow_provider_seedance.check.simulated import simulated_accounts

            with simulated_accounts(options.vendor) as accounts:
                # The simulator's videos cost nothing, and it was started here.
                codes = [check(account, options, lambda _: CONFIRMATION) for account in accounts]
                return max(codes, key=_BY_GRAVITY.index)
        with connected(options.conn_id) as account:
            return check(account, options, answer)
    except NotRunError as error:
        print(f"{error}", file=sys.stderr)
        return NOT_RUN


def check(account: Account, options: argparse.Namespace, answer: Callable[[str], str]) -> int:
    """Asks one account, and writes the report."""
    client = account.client
    fields = _fields(client, options.model)
    path = _path(account.name, options)
    file = PurchaseFile(path.with_name(f"{path.name}.purchase.json"))
    if options.against_simulator:
        file.forget()  # an earlier simulator's videos have gone with it
    seen = Seen(fields["model"])
    retention = client.adapter.retention
    seen.retention_hours = retention.total_seconds() / 3600 if retention else None
    seen.purchase = _noted(client, file)
    if not options.against_simulator:
        _remember(path, seen)
    notebook = _Notebook(client, seen, path, is_simulated=options.against_simulator)
    stopped, in_doubt = False, False
    try:
        ask_for_free(client.adapter, client.settings, seen, pause=account.pause)
        if seen.replies["probe"].error is None:
            _ask_the_rest(account, fields, file, seen, notebook, options, answer)
    except SeedanceError as error:
        stopped, in_doubt = True, error.may_be_billed
        print(f"Stopped: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        stopped = True
        print("Interrupted. The same command goes on where this one ended, and buys nothing twice.", file=sys.stderr)
    finally:
        notebook.write()
    code = notebook.tell()
    if in_doubt or code == IN_DOUBT:
        return IN_DOUBT
    return NOT_RUN if stopped else code


def _ask_the_rest(
    account: Account,
    fields: dict[str, Any],
    file: PurchaseFile,
    seen: Seen,
    notebook: _Notebook,
    options: argparse.Namespace,
    answer: Callable[[str], str],
) -> None:
    """The steps that need a key that works."""
    contact = first_contact(account.client.adapter.descriptor)
    if "request.refused" in seen.looks:
        print(
            "The create that has to be refused isn't sent again: an earlier one may have left a video.", file=sys.stderr
        )
    elif options.reads_only:
        seen.why_not["request.refused"] = "not asked: --reads-only"
    else:
        if contact.refused is not None:
            print(f"Sends a create that {account.client.adapter.title} has to refuse: {contact.refused.because}")
        ask_to_be_refused(account.client, seen)
    notebook.write()
    if not options.buy_one:
        return
    if may_have_slipped(seen):
        print("Nothing is bought: the create that has to be refused may have left a video.", file=sys.stderr)
        return
    _buy_one(account, fields, file, seen, notebook, options, answer)


def _buy_one(
    account: Account,
    fields: dict[str, Any],
    file: PurchaseFile,
    seen: Seen,
    notebook: _Notebook,
    options: argparse.Namespace,
    answer: Callable[[str], str],
) -> None:
    client = account.client
    if seen.purchase is None:
        try:
            request, _ = planned(client, fields)
            cost = cost_of(account.prices, quantities_of(client.adapter.billed(request)))
        except SeedanceError as error:
            raise NotRunError(f"Nothing was bought: {error}") from None
        if cost.amount is None and client.adapter.descriptor.quotes_prices:
            cost = _quoted(client, request)
        asked = ", ".join(f"{name} {value}" for name, value in fields.items())
        print(f"One video at {client.adapter.title}: {asked}. Price: {cost}.")
        if answer(f"Type `{CONFIRMATION}` to pay for it: ").strip() != CONFIRMATION:
            raise NotRunError("Not confirmed: nothing was bought. What is free was asked, and is in the report.")

        def noted(purchase: Purchase) -> None:
            seen.purchase = purchase
            if purchase.video_id:  # first of all where no full disk keeps it from being seen
                print(f"Bought: {purchase.video_id}", flush=True)
            notebook.write()

        try:
            buy(client, fields, file, noted)
        except FileExistsError:
            raise NotRunError(f"{file.path} is there: another run has bought, or is buying.") from None
    else:
        print(f"{file.path} notes an earlier purchase: this run goes on with it, and buys none.")
    bought = seen.purchase
    if bought is None or bought.outcome == "refused":
        return
    look_up(client, bought, file)
    if not bought.video_id:
        print(
            f"Nobody knows whether a video was bought. Look in {client.adapter.title}'s console; if there is none, "
            f"remove {file.path} before you try again.",
            file=sys.stderr,
        )
    elif not bought.is_over:
        Watch(client, bought, file, Pace(options.poll_interval, options.timeout)).follow(cancel=options.cancel_it)
        if client.adapter.can_list:
            ask_the_list(client, seen)  # now that the account has a video


def _quoted(client: SeedanceClient, request: VideoRequest) -> Cost:
    """The vendor's own price, by a call that makes nothing.

    :raises SubmissionUnknownError: the vendor answered as if it had made something.
    """
    try:
        return client.quote_video(request)
    except SubmissionUnknownError:
        raise
    except SeedanceError as error:
        return Cost(None, None, f"{client.adapter.title} was asked: {described(error)}")


class _Notebook:
    """Writes the report whenever something is known."""

    def __init__(self, client: SeedanceClient, seen: Seen, path: Path, *, is_simulated: bool) -> None:
        self._is_simulated = is_simulated
        self._client, self._seen, self._path = client, seen, path
        self._asked_at = datetime.now(tz=UTC).isoformat(timespec="seconds")

    def findings(self) -> list[Finding]:
        return judge(assumptions_about(self._client.adapter.descriptor), self._seen)

    def report(self) -> Report:
        adapter = self._client.adapter
        own = self._client.base_url == adapter.default_base_url.rstrip("/")
        address = "the simulator's address" if self._is_simulated else OWN_ADDRESS if own else "another address"
        findings = self.findings()
        return Report(
            adapter.name,
            adapter.title,
            self._asked_at,
            address,
            self._seen.model,
            findings,
            self._seen.purchase,
            may_have_slipped(self._seen),
        )

    def write(self) -> tuple[Path, Path]:
        return write(self.report(), self._path, self._client.settings.api_key)

    def tell(self) -> int:
        """Prints what was found; gives the exit code."""
        report = self.report()
        print(f"\n{report.title}:")
        for finding in report.findings:
            print(f"  {finding.verdict:<10} {finding.assumption.key:<16} {finding.seen}")
        files = " and ".join(str(path) for path in self.write())
        print(f"Written to {files}.")
        return result_of(self._seen, report.findings)


def _remember(path: Path, seen: Seen) -> None:
    try:
        said = slipped_before(path)
    except ValueError as error:
        raise NotRunError(f"{error} Nothing was sent: take another --report.") from None
    if said is not None:
        seen.looks["request.refused"] = said


def _noted(client: SeedanceClient, file: PurchaseFile) -> Purchase | None:
    try:
        purchase = file.read()
    except ValueError as error:
        raise NotRunError(f"{error} Nothing was sent.") from None
    if purchase is not None and purchase.account != account_of(client):
        raise NotRunError(
            f"{file.path} is about a video at another vendor or address. Nothing was sent: take another --report."
        )
    return purchase


def _fields(client: SeedanceClient, model: str | None) -> dict[str, Any]:
    """The request that the questions are about, without its prompt.

    :param model: the vendor's name or a family; default: what the connection's `models` name, else the smallest.
    """
    adapter = client.adapter
    model = model or adapter.models.get(_SMALLEST_FAMILY) or next(iter(adapter.models.values()), None)
    if model is None:
        fields = smallest_request(adapter)
        if fields is None:
            raise NotRunError(f"Nothing was sent. No model for text alone is documented by {adapter.title}: --model.")
        return fields
    try:
        return least_of(adapter, for_vendor(VideoRequest(model=model, prompt=PROMPT), adapter).model)
    except SeedanceError as error:
        raise NotRunError(str(error)) from None


def _path(name: str, options: argparse.Namespace) -> Path:
    if options.report is None:
        return Path(f"first-contact-{re.sub(r'[^A-Za-z0-9_.-]', '-', name)}")
    given: Path = options.report
    if not given.parent.is_dir():
        raise NotRunError(f"{given.parent} is no folder. Nothing was sent.")
    return given.with_name(f"{given.name}-{name}") if options.against_simulator else given


def _from_terminal(question: str) -> str:
    if not sys.stdin.isatty():
        raise NotRunError("--buy-one takes a typed confirmation on a terminal, and there is none. Nothing was bought.")
    try:
        return input(question)
    except EOFError:
        return ""
