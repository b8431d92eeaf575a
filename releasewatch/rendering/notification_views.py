"""What a template of a notification may use: counts and keys, and names only where the settings allow them.

A template gets one value, `notification`. There is no contact in it. Its first line is the title.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from releasewatch.rendering.views import View


@dataclass(frozen=True, slots=True)
class NotificationView(View):
    """What somebody is told. What a kind of notification does not have is empty, or None for a number.

    - `kind`: the word of `when`; `subject`: `D-7`, `INC-7` or `C-7`; `at`: since when it is so, in UTC
    - of a deployment: `repo`, `environment`, `release`, `status`, `deployment_kind`, `head`, `url` of the CI run, and
      `named`, `direct`, `dependent`: customers by reach, together `customers`; `possible` of them are uncertain,
      `not_ruled_out` more may be reached by paths of no component
    - of an incident: `title` (empty where it names somebody and names are not sent), `severity`, `status`,
      `components`, and `exposed`, `affected`, `still_exposed`: customers
    - of a call: `customer`: their key; `since`: when it could have been made; `incident`
    - of customers who reported: `reporters`: how many, from `at` on, share the deployment, with its `repo` and
      `environment`
    - of a list: `version`, `calls` on it, and `because`: why it is withdrawn, or may be worked on
    """

    kind: str
    subject: str
    at: str
    repo: str = ""
    environment: str = ""
    release: str = ""
    status: str = ""
    deployment_kind: str = ""
    head: str = ""
    url: str = ""
    customers: int | None = None
    named: int | None = None
    direct: int | None = None
    dependent: int | None = None
    possible: int | None = None
    not_ruled_out: int | None = None
    title: str = ""
    severity: str = ""
    components: tuple[str, ...] = ()
    exposed: int | None = None
    affected: int | None = None
    still_exposed: int | None = None
    customer: str = ""
    since: str = ""
    incident: str = ""
    version: int | None = None
    calls: int | None = None
    because: str = ""
    reporters: int | None = None


NAMES = frozenset(one.name for one in fields(NotificationView))


def notification_view(said: Mapping[str, Any]) -> NotificationView:
    """The view of what the ledger says of a notification's subject, of what a template may use; None: it has none."""
    return NotificationView(**{name: value for name, value in said.items() if value is not None and name in NAMES})
