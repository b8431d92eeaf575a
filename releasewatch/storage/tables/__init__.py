"""Every table of the ledger, one module a noun. Rules: ARCHITECTURE.md, "Storage: what lets it grow".

A table is made when it is first asked for: no command uses them all, and to make them all takes a twentieth of a
record. Who asks for `metadata` gets them all, with the options that only their database reads.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from releasewatch.storage.tables.call_lists import call_approval, call_move, call_sending
    from releasewatch.storage.tables.call_mails import call_mail
    from releasewatch.storage.tables.calls import (
        attempt,
        attempt_text,
        attempt_told,
        call,
        call_item,
        call_list,
        incident_call_list,
        promise_word,
    )
    from releasewatch.storage.tables.care import care_list, coming, good_news
    from releasewatch.storage.tables.catalog import (
        axis_value,
        catalog,
        catalog_component,
        catalog_in_force,
        component,
        component_subject,
        dependency,
        environment,
        product_component,
        repo,
    )
    from releasewatch.storage.tables.changes import (
        change,
        change_author,
        change_component,
        change_customer,
        change_edit,
        change_trailer,
        changed_path,
    )
    from releasewatch.storage.tables.customer_reports import customer_report, customer_report_text
    from releasewatch.storage.tables.customers import (
        alias_statement,
        contact,
        contact_detail,
        customer,
        customer_alias,
        customer_contract,
        customer_fact,
        customer_merge,
        entitlement,
        mark,
    )
    from releasewatch.storage.tables.deployments import (
        acceptance,
        baseline,
        deployment,
        deployment_event,
        deployment_person,
        fix,
        not_deployed,
        origin,
        reach,
        scope,
        scope_component,
        target,
        window,
        window_ending,
    )
    from releasewatch.storage.tables.erasure import suppression, suppression_key
    from releasewatch.storage.tables.events import taken_event
    from releasewatch.storage.tables.forges import forge_commit, forge_label, forge_person, forge_request
    from releasewatch.storage.tables.gate import customer_freeze, gate_approval
    from releasewatch.storage.tables.house import counter, import_page, import_rejection, import_run, pruning, settings
    from releasewatch.storage.tables.incidents import (
        deployment_undo,
        impact,
        impact_note,
        incident,
        incident_link,
        incident_statement,
        incident_suspect,
    )
    from releasewatch.storage.tables.outbox import outbox
    from releasewatch.storage.tables.releases import (
        release,
        release_author,
        release_commit,
        release_path,
        release_range,
    )
    from releasewatch.storage.tables.staff import staff, staff_leave, staff_person

    metadata: MetaData

MODULES = {
    "call_lists": "call_approval call_move call_sending",
    "call_mails": "call_mail",
    "calls": "attempt attempt_text attempt_told call call_item call_list incident_call_list promise_word",
    "care": "care_list coming good_news",
    "catalog": (
        "axis_value catalog catalog_component catalog_in_force component component_subject dependency "
        "environment product_component repo"
    ),
    "changes": "change change_author change_component change_customer change_edit change_trailer changed_path",
    "customer_reports": "customer_report customer_report_text",
    "customers": (
        "alias_statement contact contact_detail customer customer_alias customer_contract customer_fact "
        "customer_merge entitlement mark"
    ),
    "deployments": (
        "acceptance baseline deployment deployment_event deployment_person fix not_deployed origin reach "
        "scope scope_component target window window_ending"
    ),
    "erasure": "suppression suppression_key",
    "events": "taken_event",
    "forges": "forge_commit forge_label forge_person forge_request",
    "gate": "customer_freeze gate_approval",
    "house": "counter import_page import_rejection import_run pruning settings",
    "incidents": "deployment_undo impact impact_note incident incident_link incident_statement incident_suspect",
    "outbox": "outbox",
    "releases": "release release_author release_commit release_path release_range",
    "staff": "staff staff_leave staff_person",
}
"""Which tables a module of this folder makes."""

_HOME = {table: module for module, tables in MODULES.items() for table in tables.split()}

if not TYPE_CHECKING:  # which knows the names, and would take any for one with this

    def __getattr__(name: str) -> Any:
        """A table, made when it is first asked for (PEP 562)."""
        if name == "metadata":
            return _whole()
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        _load(_HOME[name])
        return globals()[name]


def _load(module: str) -> None:
    """Make the tables of a module. All of them take their place at once: some are called as a module is, which else
    would stand there."""
    made = import_module(f"{__name__}.{module}")
    globals().update({name: getattr(made, name) for name in MODULES[module].split()})


def _whole() -> MetaData:
    from releasewatch.storage.tables.base import complete

    for module in MODULES:
        _load(module)
    return complete()


__all__ = [
    "acceptance",
    "alias_statement",
    "attempt",
    "attempt_text",
    "attempt_told",
    "axis_value",
    "baseline",
    "call",
    "call_approval",
    "call_item",
    "call_list",
    "call_mail",
    "call_move",
    "call_sending",
    "care_list",
    "catalog",
    "catalog_component",
    "catalog_in_force",
    "change",
    "change_author",
    "change_component",
    "change_customer",
    "change_edit",
    "change_trailer",
    "changed_path",
    "coming",
    "component",
    "component_subject",
    "contact",
    "contact_detail",
    "counter",
    "customer",
    "customer_alias",
    "customer_contract",
    "customer_fact",
    "customer_freeze",
    "customer_merge",
    "customer_report",
    "customer_report_text",
    "dependency",
    "deployment",
    "deployment_event",
    "deployment_person",
    "deployment_undo",
    "entitlement",
    "environment",
    "fix",
    "forge_commit",
    "forge_label",
    "forge_person",
    "forge_request",
    "gate_approval",
    "good_news",
    "impact",
    "impact_note",
    "import_page",
    "import_rejection",
    "import_run",
    "incident",
    "incident_call_list",
    "incident_link",
    "incident_statement",
    "incident_suspect",
    "mark",
    "metadata",
    "not_deployed",
    "origin",
    "outbox",
    "product_component",
    "promise_word",
    "pruning",
    "reach",
    "release",
    "release_author",
    "release_commit",
    "release_path",
    "release_range",
    "repo",
    "scope",
    "scope_component",
    "settings",
    "staff",
    "staff_leave",
    "staff_person",
    "suppression",
    "suppression_key",
    "taken_event",
    "target",
    "window",
    "window_ending",
]
