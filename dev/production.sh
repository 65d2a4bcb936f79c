#!/bin/sh
# Gets what `make up-production` needs beside .venv: Celery, its provider, a Redis server and a StatsD client.
# usage: sh dev/production.sh VENV FOLDER
#        sh dev/production.sh --pin VENV        resolves requirements/production.in into production.txt
set -eu

if [ "$1" = --pin ]; then
    all=$(mktemp)
    # Without docker-compose: it asks for old versions of what .venv has, and only a file of it is read.
    grep -v docker-compose requirements/production.in | "$2/bin/uv" pip compile --quiet --upgrade --universal \
        --no-annotate --no-header --no-emit-index-url --python-version 3.11 -c requirements/dev.txt - -o "$all"
    { grep -vxF -f requirements/dev.txt "$all"; grep docker-compose requirements/production.in; } |
        sort >requirements/production.txt
    rm "$all"
    exit
fi

venv=$1
folder=$2

printf '%s\n' "== getting Celery and Redis" >&2
rm -rf "$folder"
mkdir -p "$folder"
# No dependencies: production.txt names all that .venv doesn't have.
if [ -x "$venv/bin/uv" ]; then
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --target "$folder/site" \
        -r requirements/production.txt
else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder/site" \
        -r requirements/production.txt
fi
printf '%s\n' "== $folder is ready" >&2
