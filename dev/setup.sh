#!/bin/sh
# Make a virtual environment with the pinned development dependencies and the package itself (editable).
# usage: sh dev/setup.sh VENV        PYTHON=/path/to/python overrides the search.
set -eu

venv=$1
say() { printf '%s\n' "== $*" >&2; }

# Airflow 3.3 runs on Python below 3.15; the package needs 3.11.
suitable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
        if suitable "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    say "No suitable Python: 3.11 to 3.14 is needed (tried: ${PYTHON:-python3, python3.11 to 3.14, python})."
    say "Install one, or name it: make setup PYTHON=/path/to/python3"
    exit 1
}

if ! suitable "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    say "making $venv with $("$python" --version)"
    rm -rf "$venv"
    if ! "$python" -m venv "$venv"; then
        say "'$python -m venv' failed. On Debian and Ubuntu: apt install python3-venv"
        exit 1
    fi
fi

say "installing $(grep -c '==' requirements/dev.txt) packages"
# uv installs them in seconds where pip takes minutes; whatever keeps it from working, pip does the same.
# Compiling now keeps the first demo from compiling the same files in four processes at once.
if "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv &&
    "$venv/bin/uv" pip install --python "$venv/bin/python" --compile-bytecode -r requirements/dev.txt; then
    "$venv/bin/uv" pip install --python "$venv/bin/python" --no-deps -e . ||
        "$venv/bin/python" -m pip install --disable-pip-version-check --no-deps -e .
else
    say "uv did not do it; installing with pip, which takes longer"
    "$venv/bin/python" -m pip install --disable-pip-version-check -r requirements/dev.txt
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-deps -e .
fi
say "$venv is ready"
