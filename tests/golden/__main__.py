"""`python -m tests.golden`: keeps what the next release writes; at its release the file gets its version's name."""

import json
import tempfile
from pathlib import Path

if __name__ == "__main__":
    import os

    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="seedance-golden-"))
    from tests.golden.samples import written_today

    path = Path(__file__).with_name("next.json")
    path.write_text(json.dumps(written_today(), indent=1, sort_keys=True) + "\n")
    print(path)  # noqa: T201
