"""Creates the ledger's tables, or migrates those of an earlier release."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from airflow_provider_seedance.ledger.engine import open_engine
from airflow_provider_seedance.ledger.migrations import LATEST, MigrationRefusedError, migrate
from airflow_provider_seedance.ledger.settings import ledger_conn_id


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    :param arguments: the command line's arguments. Default: those of the process.
    :return: the exit status: 0, or 1 after an error, whose message is written to stderr.
    """
    options = _parser().parse_args(arguments)
    try:
        conn_id = options.conn_id or ledger_conn_id()
        if not conn_id:
            raise MigrationRefusedError("Name the connection: --conn-id, or `[seedance] ledger_conn_id`.")
        done = migrate(open_engine(conn_id), in_airflows_database=options.in_airflows_database)
    except Exception as error:
        sys.stderr.write(f"{error}\n")
        return 1
    what = f"version {', '.join(map(str, done))} applied" if done else "nothing to do"
    sys.stdout.write(f"The ledger of connection {conn_id!r} is at version {LATEST}: {what}.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m airflow_provider_seedance.ledger", description=__doc__)
    command = parser.add_subparsers(dest="command", required=True).add_parser("migrate", help=__doc__)
    command.add_argument("--conn-id", help="Airflow connection of the database; default: `[seedance] ledger_conn_id`")
    command.add_argument(
        "--in-airflows-database",
        action="store_true",
        help="make the tables even where Airflow's own are; a database or schema of its own is better",
    )
    return parser
