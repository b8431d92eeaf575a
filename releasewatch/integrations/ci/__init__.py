"""Recognising the CI system we run in: a pure function of the environment's variables.

Each system is one module with one table, `SYSTEM`: what we want to know -> where it is said, first one that says
something wins. The same tables feed the help texts and the table in the README.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from releasewatch.integrations.ci import (
    azure_pipelines,
    bitbucket_pipelines,
    buildkite,
    circleci,
    generic,
    github_actions,
    gitlab_ci,
    jenkins,
)
from releasewatch.integrations.ci.facts import CiFacts, first_set, read_table
from releasewatch.integrations.ci.tables import System, variables_in

SYSTEMS: dict[str, System] = {
    "github-actions": github_actions.SYSTEM,
    "gitlab-ci": gitlab_ci.SYSTEM,
    "jenkins": jenkins.SYSTEM,
    "azure-pipelines": azure_pipelines.SYSTEM,
    "bitbucket-pipelines": bitbucket_pipelines.SYSTEM,
    "circleci": circleci.SYSTEM,
    "buildkite": buildkite.SYSTEM,
    "generic": generic.SYSTEM,
}
"""Buildkite and others can run on a machine that Jenkins set up, but a job has one system's own sign."""


def recognise(environ: Mapping[str, str]) -> CiFacts | None:
    """What the CI system says of this job; None outside CI."""
    for name, system in SYSTEMS.items():
        # CI=false is how people say that they are not in CI.
        if environ.get(system.sign, "").lower() not in ("", "0", "false"):
            return read_table(name, _with_ours(system), environ)
    return None


def variables_used(facts: CiFacts, environ: Mapping[str, str]) -> dict[str, str]:
    """Which variable gave each fact of the job, for a person who wonders where a value comes from."""
    told = {}
    for fact, sources in _with_ours(SYSTEMS[facts.provider]).table.items():
        source = first_set(sources, environ) if getattr(facts, fact, None) is not None else None
        if source is not None:
            told[fact] = ", ".join(variables_in(source))
    return told


def variables_for(fact: str) -> list[str]:
    """Every variable that can fill a fact, over all systems, in order; for the help of the option it fills."""
    tables = (system.table.get(fact, ()) for system in SYSTEMS.values())
    return list(dict.fromkeys(name for table in tables for source in table for name in variables_in(source)))


WORDS = {
    "run": "run",
    "attempt": "attempt",
    "retries": "retries",
    "sha": "commit",
    "ref": "ref",
    "repo": "repo",
    "actor": "actor",
    "url": "URL",
    "environment": "environment",
    "job_started_at": "start of the job",
    "pull_request": "pull request",
    "merged": "merged",
    "head": "its head",
    "base": "its base",
    "base_branch": "base branch",
    "fork": "from a fork",
    "public": "public",
    "persistent": "kept machine",
}
"""What the README calls the facts of a table."""


def describe_systems() -> list[tuple[str, str, str]]:
    """For the README, in Markdown: the name of each system, what it is known by, and what is read of it."""
    return [
        (
            f"[{system.title}]({system.page})" if system.page else system.title,
            f"`{system.sign}`",
            "; ".join(f"{WORDS[fact]} {_told_by(sources)}" for fact, sources in system.table.items()),
        )
        for system in SYSTEMS.values()
    ]


def _told_by(sources: tuple[str, ...]) -> str:
    return ", ".join(f"`{source.replace(github_actions.EVENT, 'event.')}`" for source in sources)


def _with_ours(system: System) -> System:
    """A system with what people set by hand before it."""
    ours = generic.SYSTEM.table
    names = dict.fromkeys([*system.table, *ours])
    table = {fact: tuple(dict.fromkeys((*ours.get(fact, ()), *system.table.get(fact, ())))) for fact in names}
    return replace(system, table=table)
