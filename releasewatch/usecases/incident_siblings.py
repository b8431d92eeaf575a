"""The same commit elsewhere: deployments of what an incident is blamed on that are still live, and not blamed yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from releasewatch.domain.deployments import Place
from releasewatch.storage import catalogs, deployments
from releasewatch.storage.siblings import still_live_elsewhere
from releasewatch.usecases.incident_scene import Scene


@dataclass(frozen=True, slots=True)
class Sibling:
    """A deployment that holds the same as one that is blamed, and where it is still live."""

    number: int
    of: int
    environment: str
    places: tuple[Place, ...]

    @property
    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "deployment": f"D-{self.number}",
            "same_as": f"D-{self.of}",
            "environment": self.environment,
            "places": [{"region": place.region or None, "ring": place.ring or None} for place in self.places],
        }


def find_siblings(connection: Any, scene: Scene) -> list[Sibling]:
    """Deployments of the same commit or release as what is blamed, that nobody has spoken of in the incident.

    In the incident's environment; where none is said, in those of the same tier as what is blamed.
    """
    blamed = [one.question.deployment_id for one in scene.question.blamed]
    if not blamed or not scene.state.is_open:
        return []
    rows = catalogs.environments(connection)
    keys = {row.environment_id: row.key for row in rows}
    mine = {deployments.get_deployment(connection, number).row.environment_id for number in blamed}
    tiers = {row.tier for row in rows if row.environment_id in mine}
    if scene.state.environment:
        among = {row.environment_id for row in rows if row.key == scene.state.environment}
    else:
        among = {row.environment_id for row in rows if row.tier in tiers}
    found: dict[int, Sibling] = {}
    for number, others in still_live_elsewhere(connection, blamed, among, scene.question.at).items():
        for other, places in others.items():
            if other not in scene.links and other not in found:
                where = keys[deployments.get_deployment(connection, other).row.environment_id]
                found[other] = Sibling(other, number, where, tuple(places))
    return [found[number] for number in sorted(found)]
