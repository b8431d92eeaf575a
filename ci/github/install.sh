# shellcheck shell=sh
# What actions share: `install_releasewatch` puts the program on the path, where it is missing.
#
# RELEASEWATCH_INSTALL  what pip installs (default: the version of the action)
# PYTHON                the Python that installs it (default python3; 3.11 or newer)

install_releasewatch() {
    command -v releasewatch >/dev/null 2>&1 && return 0
    venv=$(mktemp -d "${RUNNER_TEMP:-/tmp}/releasewatch.XXXXXX") || return 3
    install=${RELEASEWATCH_INSTALL:-"$GITHUB_ACTION_PATH/../../..[postgres]"}
    if "${PYTHON:-python3}" -m venv "$venv" >&2 && "$venv/bin/python" -m pip install -q --no-input "$install" >&2; then
        PATH=$venv/bin:$PATH
        return 0
    fi
    echo "::error title=releasewatch::releasewatch could not be installed ($install)."
    return 3
}
