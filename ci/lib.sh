# shellcheck shell=bash
# What ci/test and ci/demo share: a Python, a virtual environment made once, and Debian's packages where one is missing.

say() { printf 'ci/%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
    say "$@"
    exit 2
}

# apt_install PACKAGE...: answers 1 when this machine has no apt-get, when we may not use it, or when it fails.
apt_install() {
    local -a as_root=()
    local log status=0
    command -v apt-get >/dev/null || return 1
    if ((EUID != 0)); then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    say "installing $* with apt-get"
    log=$(mktemp)
    {
        "${as_root[@]}" apt-get -q update &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
                apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@"
    } </dev/null >"$log" 2>&1 || status=1
    ((status == 0)) || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# The path of a Python that is new enough, and not one inside a virtual environment: $PYTHON alone when it is set.
find_python() {
    local candidate
    local -a candidates=(python3 python3.13 python3.12 python3.11)
    [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        "$candidate" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
        return
    done
    return 1
}

# prepare_venv FOLDER ARGUMENT...: a virtual environment in which `pip install ARGUMENT...` was done.
# When that was done before for the same checkout, Python and pyproject.toml, nothing happens and no network is needed.
# A folder that we did not make is installed into, never removed.
prepare_venv() {
    local venv=$1 python place wanted made_for='' holds=''
    shift
    local stamp=$venv/releasewatch-stamp
    python=$(find_python) || die "no Python 3.11 or newer found${PYTHON:+ at PYTHON=$PYTHON}: install one, or name it with PYTHON=..."
    # A virtual environment knows its own path and its Python's, so a copied or moved one is made anew.
    place="$PWD $venv $python $("$python" --version)"
    wanted="$* $(sha256sum <pyproject.toml)"
    if [[ -e $stamp ]]; then
        { read -r made_for && read -r holds; } <"$stamp" || true
        [[ $made_for == "$place" ]] || rm -rf -- "$venv"
    fi
    if [[ $made_for == "$place" && $holds == "$wanted" ]]; then
        return
    fi
    say "setting up $venv"
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv "$venv" >/dev/null ||
            { apt_install python3-venv && "$python" -m venv "$venv"; } ||
            die "$python cannot make a virtual environment: install its venv module (Debian: python3-venv)"
    fi
    # --group is newer than the pip that Python 3.11 brings along.
    "$venv/bin/python" -m pip install -qq --no-input 'pip>=25.1' || die "pip could not be renewed in $venv"
    "$venv/bin/python" -m pip install -qq --no-input "$@" || die "pip could not install what pyproject.toml asks for"
    printf '%s\n' "$place" "$wanted" >"$stamp"
}
