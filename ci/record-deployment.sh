#!/bin/sh
# Records a deployment from any pipeline, and is never in the way of it: installs releasewatch where it is missing, and ends
# with 0 and a warning when the deployment could not be recorded.
#
#   RELEASEWATCH_RECORD_ENVIRONMENT=production sh record-deployment.sh [option of `releasewatch deployment record`]...
#
# RELEASEWATCH_DATABASE_URL        where the ledger is
# RELEASEWATCH_RECORD_ENVIRONMENT  and _STATUS, _COMPONENTS, _REGIONS, _RINGS, _RELEASE, _HEAD, _KEY: as the options
#                                  (blanks between several); a status may be in the CI system's own word
# RELEASEWATCH_RECORD_CLONE        where to clone the repo from, in a job that has no checkout of it; a token goes into it
# RELEASEWATCH_RECORD_STRICT       true: fail where the deployment could not be recorded
# RELEASEWATCH_RECORD_TIMEOUT      seconds that recording may take (default 120)
# RELEASEWATCH_INSTALL             what pip installs where there is no releasewatch (default releasewatch[postgres])
# PYTHON                           the Python that installs it (default python3; 3.11 or newer)
set -eu

strict=${RELEASEWATCH_RECORD_STRICT:-false}
unreachable=spool
errors=--spool-errors
case $strict in
    true | True | TRUE | 1 | yes) strict=true unreachable=fail errors='' ;;
esac

say() { printf 'record-deployment: %s\n' "$*" >&2; }

# Ends with a status of its own in strict mode; else with a warning and 0: the deployment itself is what the job is about.
give_up() {
    status=$1
    shift
    say "$@"
    [ "$strict" = true ] && exit "$status"
    case ${GITHUB_ACTIONS:-}${TF_BUILD:-} in
        '') ;;
        true) printf '::warning title=releasewatch::%s\n' "$*" ;;
        *) printf '##vso[task.logissue type=warning]%s\n' "$*" ;;
    esac
    exit 0
}

if ! command -v releasewatch >/dev/null 2>&1; then
    venv=$(mktemp -d)
    trap 'rm -rf "$venv"' EXIT
    # Stopped by a signal, the trap above runs as well.
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    install=${RELEASEWATCH_INSTALL:-releasewatch[postgres]}
    { "${PYTHON:-python3}" -m venv "$venv" && "$venv/bin/python" -m pip install -q --no-input "$install"; } >&2 ||
        give_up 3 "The deployment was not recorded: releasewatch could not be installed ($install)."
    PATH=$venv/bin:$PATH
fi

status=0
releasewatch deployment record --when-unreachable "$unreachable" ${errors:+"$errors"} \
    --timeout "${RELEASEWATCH_RECORD_TIMEOUT:-120}" "$@" || status=$?
case $status in
    0) ;;
    129 | 130 | 131 | 137 | 143) exit "$status" ;; # stopped by a signal: somebody cancels the job
    *) give_up "$status" "The deployment was not recorded (exit status $status); why is said above." ;;
esac
