"""Recognising the CI system we run in: a pure function of the environment's variables.

Each system is one module with one table, `VARIABLES`: what we want to know -> the variables that say it, first one set
wins. The same tables feed the help texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from releasewatch.integrations.ci import generic, github_actions, gitlab_ci, jenkins
from releasewatch.integrations.ci.facts import CiFacts, first_set, read_table

SYSTEMS: dict[str, ModuleType] = {
    "github-actions": github_actions,
    "gitlab-ci": gitlab_ci,
    "jenkins": jenkins,
    "generic": generic,
}


def recognise(environ: Mapping[str, str]) -> CiFacts | None:
    """What the CI system says of this job; None outside CI."""
    for name, system in SYSTEMS.items():
        # CI=false is how people say that they are not in CI.
        if environ.get(system.SIGN, "").lower() not in ("", "0", "false"):
            return read_table(name, system.VARIABLES, environ, system.is_public(environ))
    return None


def variables_used(facts: CiFacts, environ: Mapping[str, str]) -> dict[str, str]:
    """Which variable gave each fact of the job, for a person who wonders where a value comes from."""
    table: Mapping[str, tuple[str, ...]] = SYSTEMS[facts.provider].VARIABLES
    found = {fact: first_set(names, environ) for fact, names in table.items()}
    return {fact: name for fact, name in found.items() if name is not None}


def variables_for(fact: str) -> list[str]:
    """Every variable that can fill a fact, over all systems, in order; for the help of the option it fills."""
    found: list[str] = []
    for system in SYSTEMS.values():
        for variable in system.VARIABLES.get(fact, ()):
            if variable not in found:
                found.append(variable)
    return found
