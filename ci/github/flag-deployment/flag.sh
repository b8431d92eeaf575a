#!/bin/sh
# Opens an incident for a bad deployment, or finds it open: the same key is the same incident.
#
# FLAG_TITLE        what is wrong, in a few words
# FLAG_DEPLOYMENT   and FLAG_COMPONENTS, FLAG_SEVERITY, FLAG_ENVIRONMENT, FLAG_STARTED_AT, FLAG_KEY: as the options of
#                   `releasewatch incident open`; empty: not given. The key is by default the run's, so that running it
#                   again opens no second one.
set -efu

document=''
trap 'rm -rf "$document" "${venv:-}"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# shellcheck source=ci/github/install.sh
. "$GITHUB_ACTION_PATH/../install.sh"
install_releasewatch

set -- --title "$FLAG_TITLE" --key "${FLAG_KEY:-$GITHUB_REPOSITORY/$GITHUB_RUN_ID}"
[ -z "$FLAG_DEPLOYMENT" ] || set -- "$@" --deployment "$FLAG_DEPLOYMENT"
[ -z "$FLAG_SEVERITY" ] || set -- "$@" --severity "$FLAG_SEVERITY"
[ -z "$FLAG_ENVIRONMENT" ] || set -- "$@" --environment "$FLAG_ENVIRONMENT"
[ -z "$FLAG_STARTED_AT" ] || set -- "$@" --started-at "$FLAG_STARTED_AT"
for component in $FLAG_COMPONENTS; do
    set -- "$@" --component "$component"
done

document=$(mktemp "${RUNNER_TEMP:-/tmp}/releasewatch-incident.XXXXXX")
releasewatch incident open "$@" --format json >"$document"
incident=$("${PYTHON:-python3}" -c 'import json, sys; print(json.load(open(sys.argv[1]))["incident"]["key"])' "$document")
printf 'incident=%s\n' "$incident" >>"$GITHUB_OUTPUT"
releasewatch incident show "$incident"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    "${PYTHON:-python3}" -c '
import json, sys
document = json.load(open(sys.argv[1]))
who = document["customers"]
print("## {} is open: {} customers may be hurt\n".format(document["incident"]["key"], who["exposed"]))
print("| affected | presumed | possible | still exposed |\n| --: | --: | --: | --: |")
print("| {affected} | {presumed} | {possible} | {still_exposed} |\n".format(**who))
for line in document["next"]:
    print("    " + line)
' "$document" >>"$GITHUB_STEP_SUMMARY"
fi
