"""The shape of the configuration file: every table and setting, with its type and default."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from releasewatch.config.gate_schema import FreezesTable, GateTable
from releasewatch.config.mail_schema import ChatTable, MailTable
from releasewatch.config.notify_schema import NotifyTable
from releasewatch.config.shapes import Line as Line
from releasewatch.config.shapes import Seconds
from releasewatch.config.shapes import Table as Table
from releasewatch.domain.catalog import ComponentType, Unmapped, Visibility
from releasewatch.domain.columns import DateFormat, DecimalSign
from releasewatch.domain.defaults import (
    APPROVE_BY_ITSELF,
    LEVEL_POINTS,
    MOST_LISTED,
    SEVERITY_POINTS,
    STATE_POINTS,
    HurtState,
)
from releasewatch.domain.incidents import ComponentStatus, Severity

Tier = Literal["production", "staging", "testing", "development", "other"]
RevealWord = Literal["keys", "names", "contacts"]

Weight = Annotated[int, Meta(ge=0, le=1000, description="a whole number from 0 to 1000")]
Points = Annotated[int, Meta(ge=0, le=100, description="a whole number from 0 to 100")]
Hours = Annotated[int, Meta(ge=1, le=8760, description="a number of hours from 1 to 8760")]
Minutes = Annotated[int, Meta(ge=1, le=1440, description="a number of minutes from 1 to 1440")]
Days = Annotated[int, Meta(ge=0, le=3660, description="a number of days from 0 to 3660")]
Calls = Annotated[int, Meta(ge=1, le=1000, description="a number of calls from 1 to 1000")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="a currency as EUR or USD")]
Rate = Annotated[float, Meta(gt=0, le=1e6, description="a number above 0")]
PageSize = Annotated[int, Meta(ge=1, le=100_000, description="a number of items from 1 to 100000")]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description='a time of day as "HH:MM"')]
Name = Annotated[
    str,
    Meta(
        # Entitlement cells are lists separated by `;`, in which an empty cell means any and `?` unknown.
        pattern=r"^(?!\?\Z)[^\x00-\x20\x7f-\x9f;]([^\x00-\x1f\x7f-\x9f;]*[^\x00-\x20\x7f-\x9f;])?\Z",
        max_length=100,
        description="a name of one line without ; that is not ?",
    ),
]


CellMark = Annotated[str, Meta(min_length=1, max_length=10, description="a text of 1 to 10 characters")]


class General(Table, frozen=True):
    """`[releasewatch]`; in pyproject.toml these stand in `[tool.releasewatch]` itself."""

    repo: str | None = None
    """What this repo is called in the ledger; default: the remote's path without host."""
    database: Line | None = None
    """`env:RELEASEWATCH_…`, a URL without a password, or an SQLite file, relative to this one."""
    read_url: Line | None = None
    """The same for a PostgreSQL replica of it, which commands that only read ask instead."""
    spool: Line | None = None
    """The folder where records wait while the ledger cannot be had, relative to this file."""


class CatalogTable(Table, frozen=True):
    """`[catalog]`"""

    no_effect: tuple[str, ...] = ()
    """Gitignore patterns of paths that can reach no customer."""
    unmapped: Unmapped = "warn"
    """What a path means that belongs to no component: counted; everybody is possibly reached; an error."""


class ComponentTable(Table, frozen=True):
    """`[components.KEY]`"""

    title: Line | None = None
    """The name a customer knows; default: the key."""
    paths: tuple[str, ...] = ()
    """Gitignore patterns from the root of the repo; `!` excludes, though as in git nothing in a folder taken whole:
    `["shop/*", "!shop/tests/"]` excludes the tests, `["shop/**", "!shop/tests/**"]` does not."""
    depends_on: tuple[str, ...] = ()
    """Keys of this repo, `repo/key` of others."""
    type: ComponentType = "service"
    owner: Line | None = None
    visibility: Visibility = "customer"


class EnvironmentTable(Table, frozen=True):
    """`[environments.NAME]`"""

    tier: Tier | None = None
    """Its kind; default: production when the name says so (production, prod, live), else other."""
    regions: tuple[Name, ...] = ()
    rings: tuple[Name, ...] = ()


class ProductTable(Table, frozen=True):
    """`[products.KEY]`"""

    components: tuple[str, ...]
    """Component keys, `repo/key`, or `repo/*` for all of a repo."""


class ColumnMap(Table, frozen=True, omit_defaults=True):
    """A column of which something has to be made: `{ from = "Segment", values = { "Enterprise" = "platinum" } }`."""

    heading: Line | None = field(name="from", default=None)
    """The file's own heading."""
    more: tuple[Line, ...] = ()
    """Further ones, whose texts are joined with a space: `{ from = "First Name", more = ["Last Name"] }`."""
    values: dict[str, str] = {}
    """What a value means; one that is not listed stays as it is, one that means `""` is left out."""
    constant: Line | None = None
    """Instead of a heading: what every row says."""
    separator: CellMark | None = None
    """What stands between the parts of a cell that holds several."""
    prefix: Line | None = None
    """Only the parts that begin with this word count, as in `Plan: Business; Add-ons: Invoicing, Reports`."""
    list: CellMark | None = None
    """What stands between the values of such a part."""
    format: DateFormat | None = None
    """How the column writes days; default: YYYY-MM-DD, with both zeros."""
    decimal: DecimalSign | None = None
    """What stands before the decimals of an amount; the other sign may group digits, a currency stand beside it."""
    file: Line | None = None
    """Another file in which the heading stands, such as the orders that name a customer's account manager."""
    match: Line | None = None
    """The heading in that file that holds the customer's key."""
    newest: Line | None = None
    """The heading of a day in that file: the newest row of a customer counts; without it, what most of them say."""


class Columns(Table, frozen=True):
    """`[directory.NAME.columns.*]`: our column name on the left, the file's own heading on the right.

    Of a server's answer: the dotted path in each item (`properties.name`).
    """

    customers: dict[str, Line | ColumnMap] = {}
    contacts: dict[str, Line | ColumnMap] = {}
    entitlements: dict[str, Line | ColumnMap] = {}


class PagesTable(Table, frozen=True):
    """`pages` of an endpoint: how the next page of its list is found."""

    style: Literal["link", "header", "cursor", "offset", "number"]
    """The address stands in the document; in the header `Link`; a cursor stands there; items, or pages, are counted."""
    at: Line | None = None
    """For link and cursor: the dotted path of the address, or of the cursor."""
    parameter: Line | None = None
    """For cursor, offset and number: what is put into the query."""
    first: Annotated[int, Meta(ge=0, le=1, description="0 or 1")] = 1
    """The number of the first page."""
    size: PageSize | None = None
    size_parameter: Line | None = None


class EndpointTable(Table, frozen=True):
    """`[directory.NAME.customers]` and so on, of a directory of kind http."""

    url: Line | None = None
    """Absolute, or relative to `base`; default: that of the `map`."""
    items: str | None = None
    """The dotted path of the list; empty: the document is the list."""
    pages: PagesTable | None = None
    total: Line | None = None
    """The dotted path of how many items there are in all; a list that comes out shorter is an error."""
    attributes: tuple[str, ...] = ()
    """Dotted paths of what else is kept of a customer."""
    only: dict[str, tuple[str, ...]] = {}
    """Items that count: dotted path = ["text", …]; "*" is any text."""


class DirectoryTable(Table, frozen=True):
    """`[directory.NAME]`: a place where customers are known; its name is its permanent id.

    Each of `customers`, `contacts` and `entitlements` is a file; of kind http a URL, or a table with one.
    """

    kind: Literal["csv", "http"]
    customers: Line | EndpointTable | None = None
    contacts: Line | EndpointTable | None = None
    entitlements: Line | EndpointTable | None = None
    map: Literal["hubspot", "salesforce"] | None = None
    """A shipped map for what these systems export, or answer; `columns` add to it and override it."""
    base: Line | None = None
    """http: what relative URLs are relative to, those of the `map` too."""
    token: Line | None = None
    """http: `env:RELEASEWATCH_…`, sent as a bearer token."""
    headers: dict[str, Line] = {}
    """http: further headers; `env:RELEASEWATCH_…` for what is secret."""
    timeout: Seconds = 30
    """http: seconds to wait for the server to connect, and to go on."""
    plain_http: bool = False
    """http: whether a server other than this machine may be asked without TLS."""
    skip_rows: Annotated[int, Meta(ge=0, le=1000, description="0 to 1000")] = 0
    """csv: so many rows stand above the headings of each file, as a report's title does."""
    without_entitlement: Literal["none", "possible", "all"] = "none"
    """What a deployment means for a customer who has no entitlement at all."""
    columns: Columns = Columns()


class ForgeTable(Table, frozen=True):
    """`[forge]`: GitHub or GitLab, where the repo's pull requests and deployments are."""

    kind: Literal["github", "gitlab"] | None = None
    url: Line | None = None
    """The site, as `https://github.example.com`; default: the CI job's own, else github.com or gitlab.com."""
    project: Line | None = None
    """The repo's path there; default: what CI tells, else the path of the remote."""
    token: Line | None = None
    """`env:RELEASEWATCH_…`; default: `RELEASEWATCH_GITHUB_TOKEN` or `RELEASEWATCH_GITLAB_TOKEN`."""
    timeout: Seconds = 20
    """Seconds that a record may spend on asking it."""
    plain_http: bool = False
    """Whether a forge other than this machine may be asked without TLS."""


class StaffTable(Table, frozen=True):
    """`[staff]`"""

    file: Line | None = None
    """The staff file, from the folder of this one."""


class Privacy(Table, frozen=True):
    """`[privacy]`: the widest that `--reveal` may reach, by where the output goes."""

    terminal: RevealWord = "contacts"
    ci: RevealWord = "keys"
    keys: Literal["plain", "opaque"] = "plain"
    notify: Literal["counts", "keys", "names"] = "keys"
    """The most that `[notify.*]` sends of customers."""


class Notes(Table, frozen=True):
    """`[notes]`"""

    subjects: Literal["account", "customer"] = "account"
    """The outermost audience that reads subjects of changes without a `Release-note:`."""


class Ranking(Table, frozen=True):
    """`[ranking]`: points of the score that orders a call list."""

    reach_named: Weight = 40
    reach_direct: Weight = 25
    reach_dependent: Weight = 10
    distance_step: Weight = 3
    breaking: Weight = 20
    customer_tier: dict[str, Weight] = field(default_factory=lambda: {"platinum": 20, "gold": 12, "silver": 6})
    contract_max: Weight = 15
    renewal_near: Weight = 10
    renewal_days: Days = 90
    escalated: Weight = 15
    promise_overdue: Weight = 10
    """The day of something that we promised them is over."""
    currency: Currency | Literal[""] = ""
    """In which contract values are compared; empty: each as it stands."""
    rates: dict[Currency, Rate] = {}
    """What one of another currency is worth in it: { USD = 0.92 }."""
    severity: dict[Severity, Weight] = field(default_factory=lambda: dict(SEVERITY_POINTS))
    """Of the incident; when nobody said it, as SEV2."""
    state: dict[HurtState, Weight] = field(default_factory=lambda: dict(STATE_POINTS))
    level: dict[ComponentStatus, Weight] = field(default_factory=lambda: dict(LEVEL_POINTS))
    """By the worst status of a component that they are reached by."""
    minutes_each: Minutes = 20
    """One point for so many minutes hurt inside their working hours, at most `minutes_max`."""
    minutes_max: Weight = 15
    confirmed: Weight = 10
    """A person said that they were hurt."""
    complained: Weight = 15
    """They reported it to us: a call, a ticket."""
    again: Weight = 10
    """Hurt in another incident within `again_days` days."""
    again_days: Days = 30
    further: Weight = 5
    """For each other incident in the same call."""
    correction: Weight = 20
    """They were told what is no longer so."""


class Suspects(Table, frozen=True):
    """`[suspects]`: the most points of each reason why a deployment is suspect; in all at most 100."""

    component: Points = 30
    """It changed what is hurt; half for each hop between."""
    focus: Points = 20
    """It changed little else."""
    newest: Points = 8
    """Nothing else changed what is hurt between it and the start."""
    time: Points = 15
    """It went live just before the start."""
    place: Points = 9
    """It went to the regions and rings that are hurt."""
    carried: Points = 3
    """What it brought was still there at the start."""
    size: Points = 3
    """It changed many paths."""
    migration: Points = 3
    dependency: Points = 2
    config: Points = 1
    taken_back: Points = 6
    """It was rolled back or reverted after the start."""
    half_hours: Hours = 12
    """After so many hours half of the points for time are left."""
    plausible: Points = 35
    """From so many percent of the points that the question allows a suspect is plausible."""
    look_back_days: Annotated[int, Meta(ge=1, le=3660, description="a number of days from 1 to 3660")] = 90
    """How long before the start a deployment may have gone live."""


CareDays = Annotated[int, Meta(ge=1, le=3660, description="a number of days from 1 to 3660")]


class Calling(Table, frozen=True):
    """`[calling]`: between which hours, in the customer's own time zone, people may be called."""

    hours_from: TimeOfDay = "09:00"
    hours_to: TimeOfDay = "17:00"
    claim_for: Minutes = 60
    """Minutes after which a claimed call is anybody's again."""
    reports_within: Minutes = 240
    """Minutes within which reports of two customers who share a fresh deployment are told to on-call."""
    check_in_after: CareDays = 90
    """After so many days without a talk a customer's turn for a check-in comes."""
    check_ins_a_week: Annotated[int, Meta(ge=0, le=1000, description="a number from 0 to 1000")] = 2
    """How many check-ins each account manager is given a week."""
    coming_days: CareDays = 14
    """How many days after it was to come an announced deployment that did not come is taken back."""
    capacity: Calls | None = None
    """How many calls one account manager can make a day; default: as many as there are."""
    most: Annotated[int, Meta(ge=1, le=10_000, description="a number of customers from 1 to 10000")] = MOST_LISTED
    """How many customers a list holds; who scores lower is counted on it, and gets no call."""
    fatigue_days: Annotated[int, Meta(ge=0, le=30, description="a number of days from 0 to 30")] = 3
    """For so long after a talk minor matters wait; 0: they do not."""
    override_hours: tuple[Severity, ...] = ()
    """Severities of which people are told at any hour while it goes on: `["SEV1"]`."""
    approve_by_itself: tuple[Severity, ...] = APPROVE_BY_ITSELF
    """Severities of incidents whose call lists need nobody's approval."""
    escalate_after: Minutes = 120
    """Minutes within their hours after which a call that nobody has begun goes up to a manager."""


class Tables(Table, frozen=True):
    """The whole file."""

    releasewatch: General = General()
    catalog: CatalogTable = CatalogTable()
    components: dict[str, ComponentTable] = {}
    forge: ForgeTable = ForgeTable()
    environments: dict[str, EnvironmentTable] = {}
    products: dict[str, ProductTable] = {}
    directory: dict[str, DirectoryTable] = {}
    staff: StaffTable = StaffTable()
    privacy: Privacy = Privacy()
    notes: Notes = Notes()
    ranking: Ranking = Ranking()
    suspects: Suspects = Suspects()
    calling: Calling = Calling()
    mail: MailTable = MailTable()
    chat: ChatTable = ChatTable()
    gate: GateTable = GateTable()
    freezes: FreezesTable = FreezesTable()
    notify: dict[str, NotifyTable] = {}


OWN = frozenset({"releasewatch", "catalog", "components", "forge"})
"""Tables that are a repo's own. All others are the organisation's: the same for every repo."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "customers": (
        "key", "name", "aliases", "parent", "customer_tier", "segment", "contract_value", "currency",
        "renewal_on", "account_manager", "country", "timezone", "language", "do_not_call", "escalated",
        "sla_minutes", "credit_after_minutes",
    ),
    "contacts": (
        "customer", "name", "key", "role", "phone", "email", "language", "timezone", "best_from", "best_to",
        "primary", "do_not_call", "consent",
    ),
    "entitlements": (
        "customer", "component", "product", "environment", "region", "ring", "version", "valid_from",
        "valid_to",
    ),
}  # fmt: skip
"""The columns of each file of a directory that `[directory.*.columns.*]` may name."""
