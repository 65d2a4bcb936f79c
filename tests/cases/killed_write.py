"""A program that writes an id into the ledger and is killed on the way.

Its arguments: the ledger's folder, the record as JSON, the task's names as JSON, and the function of the operating
system that is about to be called when it dies.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_seedance.submissions.record import SubmissionRecord
from airflow_provider_seedance.submissions.store import LedgerSubmissionStore


def _killed(*args: Any, **kwargs: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    folder, record, task, moment = sys.argv[1:]
    setattr(os, moment, _killed)
    store = LedgerSubmissionStore(ObjectStoragePath(f"file://{folder}"), tuple(json.loads(task)))
    store.write(SubmissionRecord.from_json(json.loads(record)))
