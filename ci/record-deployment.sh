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
# RELEASEWATCH_RECORD_TIMEOUT      seconds that installing and recording may take together (default 120)
# RELEASEWATCH_INSTALL             what pip installs where there is no releasewatch (default releasewatch[postgres])
# PYTHON                           the Python that installs it (default python3; 3.11 or newer)
set -eu

began=$(date +%s)
strict=${RELEASEWATCH_RECORD_STRICT:-false}
timeout=${RELEASEWATCH_RECORD_TIMEOUT:-120}
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

# left SECONDS: how many of them are not used up, at least one; what is no number is for the program to refuse.
left() {
    case $1 in
        '' | 0* | *[!0-9]* | ??????????*) printf '%s' "$1" ;;
        *)
            rest=$(($1 - $(date +%s) + began))
            [ "$rest" -gt 0 ] || rest=1
            [ "$rest" -le "$1" ] || rest=$1 # the clock was set back
            printf '%s' "$rest"
            ;;
    esac
}

# within SECONDS COMMAND...: ends it after so long, by `timeout` where there is one that we know how to call, else by a
# clock of our own. It runs in the background, so that a signal is heard at once.
within() {
    limit=$1
    shift
    if timeout -k 1 1 true 2>/dev/null; then
        timeout -k 5 "$limit" "$@" &
        child=$!
    else
        "$@" &
        child=$!
        (
            trap 'kill "$clock" 2>/dev/null' TERM
            sleep "$limit" &
            clock=$!
            wait "$clock" && kill "$child" 2>/dev/null
        ) >/dev/null 2>&1 &
        watch=$!
    fi
    ended=0
    wait "$child" || ended=$?
    [ -z "$watch" ] || kill "$watch" 2>/dev/null || true
    child='' watch=''
    return "$ended"
}

# What a signal leaves behind goes as well.
tidy_up() {
    for process in $child $watch; do
        kill "$process" 2>/dev/null || true
    done
    [ -z "$venv" ] || rm -rf "$venv"
}

venv='' child='' watch=''
if ! command -v releasewatch >/dev/null 2>&1; then
    trap tidy_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    venv=$(mktemp -d) || give_up 3 "The deployment was not recorded: there is no room to install releasewatch."
    install=${RELEASEWATCH_INSTALL:-releasewatch[postgres]}
    limit=$(left "$timeout")
    case $limit in
        '' | 0* | *[!0-9]* | ??????????*) limit=120 ;;
    esac
    # shellcheck disable=SC2016 # the words are the inner shell's
    within "$limit" sh -c 'cd "$PWD" 2>/dev/null || cd /; "$1" -m venv "$2" && exec "$2/bin/python" -m pip install -q --no-input "$3"' \
        sh "${PYTHON:-python3}" "$venv" "$install" >&2 || {
        # 124 is what `timeout` says, 143 what ends by our own clock.
        case $? in 124 | 137 | 143) soon=" within $limit seconds" ;; *) soon='' ;; esac
        give_up 3 "The deployment was not recorded: releasewatch could not be installed ($install)$soon."
    }
    PATH=$venv/bin:$PATH
fi

status=0
releasewatch deployment record --when-unreachable "$unreachable" ${errors:+"$errors"} \
    --timeout "$(left "$timeout")" "$@" || status=$?
case $status in
    0) ;;
    129 | 130 | 131 | 137 | 143) exit "$status" ;; # stopped by a signal: somebody cancels the job
    *) give_up "$status" "The deployment was not recorded (exit status $status); why is said above." ;;
esac
