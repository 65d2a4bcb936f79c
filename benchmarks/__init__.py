"""What waiting costs, side by side: `make bench`."""

import os
from pathlib import Path

# Importing Airflow makes it a home; not in the user's.
os.environ.setdefault("AIRFLOW_HOME", str(Path(__file__).resolve().parent.parent / ".work" / "bench-home"))
