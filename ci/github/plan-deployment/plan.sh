#!/bin/sh
# Says what a deployment would reach, and whether that breaks a rule: into the log, the job's summary and a file.
# Ends with 0: the exit status of the plan stands in the output `status`, so that the comment is written first.
#
# RELEASEWATCH_PLAN_ENVIRONMENT  and _COMPONENTS, _REGIONS, _RINGS, _RELEASE, _HEAD, _FAIL_ON, _FIXES,
#                                _WHEN_UNREACHABLE: as the options of `releasewatch deployment plan`
# FROM_A_FORK                    true: a pull request from another repository, which is given no secrets
set -eu

if [ "${FROM_A_FORK:-}" = true ] && [ -z "${RELEASEWATCH_DATABASE_URL:-}" ]; then
    echo "::notice title=releasewatch::A pull request from a fork is not told where the ledger is: nothing was planned."
    echo "status=skipped" >>"$GITHUB_OUTPUT"
    exit 0
fi
# shellcheck source=ci/github/install.sh
. "$GITHUB_ACTION_PATH/../install.sh"
install_releasewatch

folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/releasewatch-plan.XXXXXX")

# What they find is told, and fails nothing: the rules do.
echo "::group::releasewatch doctor"
releasewatch doctor || true
echo "::endgroup::"
echo "::group::releasewatch catalog check"
releasewatch catalog check || true
echo "::endgroup::"

status=0
releasewatch deployment plan --format md -o "$folder/plan.md" || status=$?
[ ! -s "$folder/plan.md" ] || cat "$folder/plan.md"
about=$(printf '%s %s' "${RELEASEWATCH_PLAN_ENVIRONMENT:-}" "${RELEASEWATCH_PLAN_COMPONENTS:-}" | tr '\n' ' ')
printf 'status=%s\nfile=%s\nabout=%s\n' "$status" "$folder/plan.md" "$about" >>"$GITHUB_OUTPUT"
