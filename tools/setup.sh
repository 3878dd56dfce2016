#!/bin/sh
# Sets up everything a fresh Debian 12 lacks: Debian packages, .venv with the locked dependencies, browser files,
# compiled translations. Every step is skipped when its inputs have not changed, so a second run takes a moment.
# On other systems (Windows too) the same steps are in docs/development.md.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "setup: $*" >&2; }

# --- 1. Debian packages -------------------------------------------------------------------------------------------
missing=""
need() { missing="$missing $1"; }
python3 -c 'import ensurepip, venv' 2>/dev/null || need python3-venv
command -v node >/dev/null || need nodejs
command -v npm >/dev/null || need npm
command -v chromium >/dev/null || need chromium
command -v pdftotext >/dev/null || need poppler-utils
[ -e /usr/share/fonts/truetype/noto/NotoSans-Regular.ttf ] || need fonts-noto-core
[ -e /usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf ] || need fonts-liberation

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing$missing"
        apt-get -qq update
        # shellcheck disable=SC2086  # a list of words
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing >/dev/null
    else
        say "some Debian packages are absent; as root, run this and start again:"
        printf '%s\n' "apt-get update && apt-get install -y --no-install-recommends$missing" >&2
        exit 1
    fi
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "Python 3.11 or later is needed; python3 is $(python3 --version 2>&1)"
    exit 1
fi

# --- 2. Python packages: exactly the lock, wheels only, every hash checked -------------------------------------------
stamp=.venv/.setup-stamp
wanted="$(cat requirements.lock pyproject.toml signing/version.py tools/setup.sh | sha256sum)"
if [ ! -x .venv/bin/python ] || [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    [ -x .venv/bin/python ] || python3 -m venv .venv
    say "installing the locked Python packages"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
        -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    printf '%s' "$wanted" >"$stamp"
fi

# --- 3. Browser files and translations (both know themselves whether anything is to be done) -------------------------
.venv/bin/python tools/fetch_assets.py
.venv/bin/python -m tools.build_verify_page
.venv/bin/python tools/translations.py compile
