"""The docs site: `make docs` builds it strictly, warnings are errors."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]
# Autodoc imports the package, and with it Airflow, which reads its configuration then.
os.environ.setdefault("AIRFLOW_HOME", str(HERE.parent / ".work" / "docs-airflow"))
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")

# Before autodoc does it with `TYPE_CHECKING` switched on, which Airflow's own imports don't survive.
import airflow  # noqa: E402, F401

from airflow_provider_seedance import __version__  # noqa: E402

project = "airflow-provider-seedance"
author = copyright = "airflow-provider-seedance contributors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "facts", "parameters"]
exclude_patterns = ["_ext"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "code"

autodoc_default_options = {"members": True, "show-inheritance": True, "member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"{project} {release}"
linkcheck_ignore = [r"https?://"]  # what leads out is not for a build without the internet
