"""`python -m tests.golden`: keeps what this release writes. Once it is released, its file is not written again."""

import json
import tempfile
from pathlib import Path

if __name__ == "__main__":
    import os

    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="seedance-golden-"))
    from airflow_provider_seedance import __version__
    from tests.golden.samples import written_today

    path = Path(__file__).with_name(f"{__version__}.json")
    path.write_text(json.dumps(written_today(), indent=1, sort_keys=True) + "\n")
    print(path)  # noqa: T201
