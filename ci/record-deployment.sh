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
    *) strict=false ;;
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

# What the program would read, where it cannot be had: what CI says, and the variables of the step. No name of a person is
# among them, and no address that may hold a token.
variables='RELEASEWATCH_RECORD_ENVIRONMENT RELEASEWATCH_RECORD_STATUS RELEASEWATCH_RECORD_COMPONENTS
RELEASEWATCH_RECORD_REGIONS RELEASEWATCH_RECORD_RINGS RELEASEWATCH_RECORD_RELEASE RELEASEWATCH_RECORD_HEAD
RELEASEWATCH_RECORD_KEY CI RELEASEWATCH_CI_RUN RELEASEWATCH_CI_ATTEMPT RELEASEWATCH_CI_SHA RELEASEWATCH_CI_REF
RELEASEWATCH_CI_ENVIRONMENT RELEASEWATCH_CI_STARTED_AT RELEASEWATCH_CI_PULL_REQUEST
GITHUB_ACTIONS GITHUB_RUN_ID GITHUB_RUN_ATTEMPT GITHUB_SHA
GITHUB_REF GITHUB_REPOSITORY GITHUB_SERVER_URL GITHUB_BASE_REF GITLAB_CI CI_PIPELINE_ID CI_JOB_ID CI_COMMIT_SHA
CI_COMMIT_TAG CI_COMMIT_REF_NAME CI_PROJECT_PATH CI_JOB_URL CI_PIPELINE_URL CI_ENVIRONMENT_NAME CI_JOB_STARTED_AT
CI_MERGE_REQUEST_IID CI_MERGE_REQUEST_SOURCE_BRANCH_SHA JENKINS_URL BUILD_TAG GIT_COMMIT TAG_NAME GIT_BRANCH
RUN_DISPLAY_URL BUILD_URL CHANGE_ID TF_BUILD BUILD_BUILDID SYSTEM_JOBATTEMPT BUILD_SOURCEVERSION BUILD_SOURCEBRANCH
BUILD_REPOSITORY_NAME SYSTEM_COLLECTIONURI SYSTEM_TEAMPROJECTID ENVIRONMENT_NAME
SYSTEM_PULLREQUEST_PULLREQUESTNUMBER SYSTEM_PULLREQUEST_PULLREQUESTID SYSTEM_PULLREQUEST_SOURCECOMMITID
BITBUCKET_BUILD_NUMBER BITBUCKET_PIPELINE_UUID BITBUCKET_STEP_RUN_NUMBER BITBUCKET_COMMIT BITBUCKET_TAG
BITBUCKET_BRANCH BITBUCKET_REPO_FULL_NAME BITBUCKET_DEPLOYMENT_ENVIRONMENT BITBUCKET_PR_ID CIRCLECI
CIRCLE_PIPELINE_ID CIRCLE_WORKFLOW_ID CIRCLE_BUILD_NUM CIRCLE_SHA1 CIRCLE_TAG CIRCLE_BRANCH CIRCLE_PROJECT_USERNAME
CIRCLE_PROJECT_REPONAME CIRCLE_BUILD_URL CIRCLE_PR_NUMBER CIRCLE_PULL_REQUEST BUILDKITE BUILDKITE_BUILD_ID
BUILDKITE_RETRY_COUNT BUILDKITE_COMMIT BUILDKITE_TAG BUILDKITE_BRANCH BUILDKITE_BUILD_URL BUILDKITE_JOB_ID
BUILDKITE_PULL_REQUEST'

# tell WORD...: each with a NUL after it, which no word holds.
tell() { printf '%s\0' "$@"; }

# tell_facts OPTION...: names and values of what is known here.
tell_facts() {
    tell at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    for name in $variables; do
        eval "value=\${$name:-}"
        [ -z "$value" ] || tell "$name" "$value"
    done
    rev=${RELEASEWATCH_RECORD_HEAD:-HEAD} clone=${RELEASEWATCH_RECORD_CLONE:-}
    while [ $# -gt 0 ]; do
        case $1 in
            --head=*) rev=${1#*=} ;;
            --head) rev=${2:-HEAD} ;;
            --clone | --clone=*) clone=yes ;;
        esac
        case $1 in
            --environment=* | --component=* | --region=* | --ring=* | --release=* | --head=* | --from=* | --key=* | \
                --kind=* | --title=* | --status=* | --started-at=* | --finished-at=* | --fixes=* | --accept=* | --why=*)
                tell "${1%%=*}" "${1#*=}"
                ;;
            --environment | --component | --region | --ring | --release | --head | --from | --key | \
                --kind | --title | --status | --started-at | --finished-at | --fixes | --accept | --why)
                if [ $# -gt 1 ]; then
                    tell "$1" "$2"
                    shift
                fi
                ;;
        esac
        shift
    done
    if [ -n "$clone" ]; then
        tell clone yes
    elif sha=$(git rev-parse -q --verify "$rev^{commit}" 2>/dev/null); then
        tell git "$sha"
    fi
    [ -z "$run" ] || tell run "$run"
}

# leave_line OPTION...: what is known as one line in the log, which `releasewatch spool flush --from-log` reads: in hex, and
# with what cksum makes of it, so that damage is seen. Where even that cannot be had, the warning is all.
leave_line() {
    [ "$strict" = false ] || return 0
    facts=$(tell_facts "$@" | od -A n -v -t x1 | tr -d ' \n') 2>/dev/null || return 0
    sum=$(printf '%s' "$facts" | cksum) 2>/dev/null || return 0
    [ -n "$facts" ] && [ -n "$sum" ] || return 0
    line=releasewatch-facts:1:$facts:${sum%% *}
    say "$line"
    say "Save this log, and run in a clone: releasewatch spool flush --from-log FILE"
    if [ -n "${GITHUB_OUTPUT:-}" ]; then
        printf 'recorded=false\nspool=%s\n' "$line" >>"$GITHUB_OUTPUT" || true
    fi
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
    [ -z "$told" ] || hear "$told"
    ended=0
    wait "$child" || ended=$?
    [ -z "$watch" ] || kill "$watch" 2>/dev/null || true
    child='' watch=''
    return "$ended"
}

# A signal, by the exit status that tells it: what runs is told to end, and the step ends when it has.
hear() {
    told=$1
    for process in $child $watch; do
        kill "$process" 2>/dev/null || true
    done
}

# end_told OPTION...: ends the step, if a signal said so; by then the record is kept: here, if the program kept none.
end_told() {
    [ -n "$told" ] || return 0
    trap '' HUP INT TERM # one that goes to all processes of the job ends none of those that write the line
    is_kept || leave_line "$@"
    exit "$told"
}

# Whether the program said that the record is in the ledger or in the spool.
is_kept() { [ -n "$scratch" ] && [ -s "$scratch/kept" ]; }

# What is left behind goes as well.
tidy_up() {
    for process in $child $watch; do
        kill "$process" 2>/dev/null || true
    done
    [ -z "$scratch" ] || rm -rf "$scratch"
}

scratch='' child='' watch='' told='' run=''
trap tidy_up EXIT
trap 'hear 129' HUP
trap 'hear 130' INT
trap 'hear 143' TERM
scratch=$(mktemp -d 2>/dev/null) || scratch=''
if ! command -v releasewatch >/dev/null 2>&1; then
    [ -n "$scratch" ] || {
        leave_line "$@"
        give_up 3 "The deployment was not recorded: there is no room to install releasewatch."
    }
    venv=$scratch/venv
    install=${RELEASEWATCH_INSTALL:-releasewatch[postgres]}
    limit=$(left "$timeout")
    case $limit in
        '' | 0* | *[!0-9]* | ??????????*) limit=120 ;;
    esac
    # shellcheck disable=SC2016 # the words are the inner shell's
    within "$limit" sh -c 'cd "$PWD" 2>/dev/null || cd /; "$1" -m venv "$2" && exec "$2/bin/python" -m pip install -q --no-input "$3"' \
        sh "${PYTHON:-python3}" "$venv" "$install" >&2 || {
        # 124 is what `timeout` says, 143 what ends by our own clock.
        case $? in 124 | 137 | 143) soon=" within $limit s" ;; *) soon='' ;; esac
        end_told "$@"
        leave_line "$@"
        give_up 3 "The deployment was not recorded: releasewatch could not be installed ($install)$soon."
    }
    PATH=$venv/bin:$PATH
fi

# Where CI tells no run, what the program records and what is left here are the same by this.
run=$({ od -A n -v -t x1 -N 16 /dev/urandom | tr -d ' \n'; } 2>/dev/null) || run=''
end_told "$@"
# In the background, so that a signal is heard at once, whoever it was sent to.
RELEASEWATCH_STEP_RUN=$run RELEASEWATCH_STEP_KEPT=${scratch:+"$scratch/kept"} \
    releasewatch deployment record --when-unreachable "$unreachable" ${errors:+"$errors"} \
    --timeout "$(left "$timeout")" "$@" &
child=$!
[ -z "$told" ] || hear "$told"
status=0
wait "$child" || status=$?
# A signal ends the waiting, not the program: it keeps the record first.
[ -z "$told" ] || wait "$child" || true
child=''
end_told "$@"
case $status in
    0) ;;
    129 | 130 | 131 | 137 | 143) # killed, while nobody told the step itself
        told=$status
        end_told "$@"
        ;;
    *)
        is_kept && give_up "$status" "Something failed after the deployment was recorded or spooled (exit status $status); what, is said above."
        leave_line "$@"
        give_up "$status" "The deployment was not recorded (exit status $status); why is said above."
        ;;
esac
