"""The first schema.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, Uuid16, id_type, key_type

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "counter",
        sa.Column("name", key_type(), nullable=False),
        sa.Column("value", id_type(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "customer",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("directory", key_type(), nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer")),
    )
    op.create_index(op.f("ix_customer_key"), "customer", ["key"], unique=False)
    op.create_table(
        "environment",
        sa.Column("environment_id", id_type(), nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.Column("tier", key_type(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", name=op.f("pk_environment")),
        sa.UniqueConstraint("key", name=op.f("uq_environment_key")),
    )
    op.create_table(
        "import_rejection",
        sa.Column("import_id", id_type(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", key_type(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "line", "column", name=op.f("pk_import_rejection")),
    )
    op.create_table(
        "import_run",
        sa.Column("import_id", id_type(), nullable=False),
        sa.Column("directory", key_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("digest", key_type(), nullable=False),
        sa.Column("mode", key_type(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_run")),
    )
    op.create_table(
        "product_component",
        sa.Column("product", key_type(), nullable=False),
        sa.Column("pattern", key_type(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("product", "pattern", "valid_from", "recorded_from", name=op.f("pk_product_component")),
    )
    op.create_table(
        "repo",
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", name=op.f("pk_repo")),
        sa.UniqueConstraint("key", name=op.f("uq_repo_key")),
    )
    op.create_table(
        "settings",
        sa.Column("version", id_type(), autoincrement=False, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_settings")),
    )
    op.create_table(
        "staff",
        sa.Column("staff", key_type(), nullable=False),
        sa.Column("team", key_type(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("manager", key_type(), nullable=False),
        sa.Column("away_from", sa.Date(), nullable=True),
        sa.Column("away_to", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("staff", name=op.f("pk_staff")),
    )
    op.create_table(
        "axis_value",
        sa.Column("environment_id", id_type(), nullable=False),
        sa.Column("axis", key_type(), nullable=False),
        sa.Column("value", key_type(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environment.environment_id"], name=op.f("fk_axis_value_environment_id")
        ),
        sa.PrimaryKeyConstraint("environment_id", "axis", "value", name=op.f("pk_axis_value")),
    )
    op.create_table(
        "call",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("call_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("call_group", key_type(), nullable=False),
        sa.Column("status", key_type(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_call_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "call_id", name=op.f("pk_call")),
    )
    op.create_index(op.f("ix_call_call_id"), "call", ["call_id"], unique=False)
    op.create_table(
        "catalog",
        sa.Column("catalog_id", id_type(), nullable=False),
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("digest", key_type(), nullable=False),
        sa.Column("no_effect", sa.JSON(), nullable=False),
        sa.Column("unmapped", key_type(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_catalog_repo_id")),
        sa.PrimaryKeyConstraint("catalog_id", name=op.f("pk_catalog")),
        sa.UniqueConstraint("repo_id", "digest", name=op.f("uq_catalog_repo_id_digest")),
    )
    op.create_table(
        "component",
        sa.Column("component_id", id_type(), nullable=False),
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.Column("full_key", key_type(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_component_repo_id")),
        sa.PrimaryKeyConstraint("component_id", name=op.f("pk_component")),
        sa.UniqueConstraint("full_key", name=op.f("uq_component_full_key")),
        sa.UniqueConstraint("repo_id", "key", name=op.f("uq_component_repo_id_key")),
    )
    op.create_index(op.f("ix_component_key"), "component", ["key"], unique=False)
    op.create_table(
        "contact",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("contact_id", Uuid16(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("language", key_type(), nullable=False),
        sa.Column("timezone", key_type(), nullable=False),
        sa.Column("best_from", key_type(), nullable=False),
        sa.Column("best_to", key_type(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.Column("consent", key_type(), nullable=False),
        sa.Column("import_id", id_type(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_contact_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "contact_id", "valid_from", "recorded_from", name=op.f("pk_contact")),
    )
    op.create_table(
        "customer_alias",
        sa.Column("alias", key_type(), nullable=False),
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("source", key_type(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_customer_alias_customer_id")),
        sa.PrimaryKeyConstraint("alias", "customer_id", "recorded_from", name=op.f("pk_customer_alias")),
    )
    op.create_index(op.f("ix_customer_alias_customer_id"), "customer_alias", ["customer_id"], unique=False)
    op.create_table(
        "customer_contract",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("contract_value", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("currency", key_type(), nullable=False),
        sa.Column("renewal_on", sa.Date(), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.customer_id"], name=op.f("fk_customer_contract_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "valid_from", "recorded_from", name=op.f("pk_customer_contract")),
    )
    op.create_table(
        "customer_fact",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent", key_type(), nullable=False),
        sa.Column("customer_tier", key_type(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("account_manager", key_type(), nullable=False),
        sa.Column("country", key_type(), nullable=False),
        sa.Column("timezone", key_type(), nullable=False),
        sa.Column("language", key_type(), nullable=False),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("sla_minutes", sa.Integer(), nullable=False),
        sa.Column("credit_after_minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_customer_fact_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "valid_from", "recorded_from", name=op.f("pk_customer_fact")),
    )
    op.create_table(
        "customer_merge",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("survivor_id", Uuid16(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_customer_merge_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "recorded_from", name=op.f("pk_customer_merge")),
    )
    op.create_table(
        "entitlement",
        sa.Column("subject", key_type(), nullable=False),
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("environment", key_type(), nullable=False),
        sa.Column("region", key_type(), nullable=False),
        sa.Column("ring", key_type(), nullable=False),
        sa.Column("version", key_type(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("import_id", id_type(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_entitlement_customer_id")),
        sa.PrimaryKeyConstraint(
            "subject",
            "customer_id",
            "environment",
            "region",
            "ring",
            "version",
            "valid_from",
            "recorded_from",
            name=op.f("pk_entitlement"),
            postgresql_include=["valid_to", "recorded_to"],
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_entitlement_customer_id"), "entitlement", ["customer_id"], unique=False)
    op.create_table(
        "mark",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("mark_id", Uuid16(), nullable=False),
        sa.Column("contact_id", Uuid16(), nullable=True),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_mark_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "mark_id", name=op.f("pk_mark")),
    )
    op.create_table(
        "scope",
        sa.Column("scope_id", id_type(), nullable=False),
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("digest", key_type(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_scope_repo_id")),
        sa.PrimaryKeyConstraint("scope_id", name=op.f("pk_scope")),
        sa.UniqueConstraint("repo_id", "digest", name=op.f("uq_scope_repo_id_digest")),
    )
    op.create_table(
        "staff_person",
        sa.Column("staff", key_type(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.staff"], name=op.f("fk_staff_person_staff")),
        sa.PrimaryKeyConstraint("staff", name=op.f("pk_staff_person")),
    )
    op.create_table(
        "call_item",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("call_id", id_type(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("purpose", key_type(), nullable=False),
        sa.Column("verdict", key_type(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("why_withdrawn", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "call_id"],
            ["call.customer_id", "call.call_id"],
            name=op.f("fk_call_item_customer_id_call_id"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "call_id", "deployment_id", "purpose", name=op.f("pk_call_item")),
    )
    op.create_table(
        "catalog_component",
        sa.Column("catalog_id", id_type(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("type", key_type(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("visibility", key_type(), nullable=False),
        sa.Column("paths", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["catalog_id"], ["catalog.catalog_id"], name=op.f("fk_catalog_component_catalog_id")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["component.component_id"], name=op.f("fk_catalog_component_component_id")
        ),
        sa.PrimaryKeyConstraint("catalog_id", "component_id", name=op.f("pk_catalog_component")),
    )
    op.create_table(
        "catalog_in_force",
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("catalog_id", id_type(), nullable=False),
        sa.ForeignKeyConstraint(["catalog_id"], ["catalog.catalog_id"], name=op.f("fk_catalog_in_force_catalog_id")),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_catalog_in_force_repo_id")),
        sa.PrimaryKeyConstraint("repo_id", "valid_from", "recorded_from", name=op.f("pk_catalog_in_force")),
    )
    op.create_table(
        "component_subject",
        sa.Column("subject", key_type(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["component.component_id"], name=op.f("fk_component_subject_component_id")
        ),
        sa.PrimaryKeyConstraint(
            "subject", "component_id", "valid_from", "recorded_from", name=op.f("pk_component_subject")
        ),
    )
    op.create_index(op.f("ix_component_subject_component_id"), "component_subject", ["component_id"], unique=False)
    op.create_table(
        "contact_detail",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("contact_id", Uuid16(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("phone_e164", key_type(), nullable=False),
        sa.Column("phone_state", key_type(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "contact_id", "valid_from", "recorded_from"],
            ["contact.customer_id", "contact.contact_id", "contact.valid_from", "contact.recorded_from"],
            name=op.f("fk_contact_detail_customer_id_contact_id_valid_from_recorded_from"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "customer_id", "contact_id", "valid_from", "recorded_from", name=op.f("pk_contact_detail")
        ),
    )
    op.create_table(
        "dependency",
        sa.Column("catalog_id", id_type(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.Column("depends_on", key_type(), nullable=False),
        sa.ForeignKeyConstraint(["catalog_id"], ["catalog.catalog_id"], name=op.f("fk_dependency_catalog_id")),
        sa.ForeignKeyConstraint(["component_id"], ["component.component_id"], name=op.f("fk_dependency_component_id")),
        sa.PrimaryKeyConstraint("catalog_id", "component_id", "depends_on", name=op.f("pk_dependency")),
    )
    op.create_table(
        "deployment",
        sa.Column("deployment_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("environment_id", id_type(), nullable=False),
        sa.Column("catalog_id", id_type(), nullable=False),
        sa.Column("scope_id", id_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("status", key_type(), nullable=False),
        sa.Column("release", key_type(), nullable=False),
        sa.Column("base", key_type(), nullable=True),
        sa.Column("head", key_type(), nullable=True),
        sa.Column("range", key_type(), nullable=False),
        sa.Column("history_complete", sa.Boolean(), nullable=False),
        sa.Column("why_incomplete", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("ci_provider", key_type(), nullable=False),
        sa.Column("ci_run", key_type(), nullable=False),
        sa.Column("attempt", id_type(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=True),
        sa.Column("reverted_in_range", sa.Integer(), nullable=False),
        sa.Column("unmapped_paths", sa.Integer(), nullable=False),
        sa.Column("unmapped_sample", sa.JSON(), nullable=False),
        sa.Column("no_effect_paths", sa.Integer(), nullable=False),
        sa.Column("counts_everyone", sa.Boolean(), nullable=False),
        sa.Column("has_blank", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["catalog_id"], ["catalog.catalog_id"], name=op.f("fk_deployment_catalog_id")),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environment.environment_id"], name=op.f("fk_deployment_environment_id")
        ),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_deployment_repo_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["scope.scope_id"], name=op.f("fk_deployment_scope_id")),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_deployment")),
        sa.UniqueConstraint("key", "attempt", name=op.f("uq_deployment_key_attempt")),
    )
    op.create_index(op.f("ix_deployment_opened_at"), "deployment", ["opened_at"], unique=False)
    op.create_index(
        op.f("ix_deployment_repo_id_environment_id_opened_at"),
        "deployment",
        ["repo_id", "environment_id", "opened_at"],
        unique=False,
    )
    op.create_table(
        "scope_component",
        sa.Column("scope_id", id_type(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["component.component_id"], name=op.f("fk_scope_component_component_id")
        ),
        sa.ForeignKeyConstraint(["scope_id"], ["scope.scope_id"], name=op.f("fk_scope_component_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "component_id", name=op.f("pk_scope_component")),
    )
    op.create_table(
        "acceptance",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("rule", key_type(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_acceptance_deployment_id")
        ),
        sa.PrimaryKeyConstraint("deployment_id", "rule", name=op.f("pk_acceptance")),
    )
    op.create_table(
        "baseline",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("baseline_no", sa.Integer(), nullable=False),
        sa.Column("base", key_type(), nullable=True),
        sa.Column("base_deployment_id", id_type(), nullable=True),
        sa.Column("source", key_type(), nullable=False),
        sa.Column("source_text", sa.String(), nullable=False),
        sa.Column("range", key_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("history_complete", sa.Boolean(), nullable=False),
        sa.Column("wider", sa.Boolean(), nullable=False),
        sa.Column("components", sa.JSON(), nullable=True),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_baseline_deployment_id")
        ),
        sa.PrimaryKeyConstraint("deployment_id", "baseline_no", name=op.f("pk_baseline")),
    )
    op.create_table(
        "call_list",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("version", id_type(), autoincrement=False, nullable=False),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("digest", key_type(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_call_list_deployment_id")
        ),
        sa.PrimaryKeyConstraint("deployment_id", "version", name=op.f("pk_call_list")),
    )
    op.create_table(
        "change",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.Column("sha", key_type(), nullable=False),
        sa.Column("side", key_type(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("type", key_type(), nullable=False),
        sa.Column("scope", key_type(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("breaking", sa.Boolean(), nullable=False),
        sa.Column("pull_request", sa.Integer(), nullable=True),
        sa.Column("pull_request_title", sa.String(), nullable=True),
        sa.Column("merged_by", key_type(), nullable=True),
        sa.Column("is_merge", sa.Boolean(), nullable=False),
        sa.Column("authored_at", Instant(), nullable=True),
        sa.Column("committed_at", Instant(), nullable=True),
        sa.Column("reverts", sa.JSON(), nullable=False),
        sa.Column("reverts_subjects", sa.JSON(), nullable=False),
        sa.Column("reverted_by", key_type(), nullable=True),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_change_deployment_id")),
        sa.PrimaryKeyConstraint("deployment_id", "change_no", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_sha"), "change", ["sha"], unique=False)
    op.create_index(op.f("ix_change_subject"), "change", ["subject"], unique=False, postgresql_using="hash")
    op.create_table(
        "changed_path",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("baseline_no", sa.Integer(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.Column("path_digest", key_type(), nullable=False),
        sa.Column("path", key_type(), nullable=False),
        sa.Column("status", key_type(), nullable=False),
        sa.Column("old_blob", key_type(), nullable=True),
        sa.Column("new_blob", key_type(), nullable=True),
        sa.ForeignKeyConstraint(
            ["component_id"], ["component.component_id"], name=op.f("fk_changed_path_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_changed_path_deployment_id")
        ),
        sa.PrimaryKeyConstraint(
            "deployment_id", "baseline_no", "component_id", "path_digest", name=op.f("pk_changed_path")
        ),
    )
    op.create_index(
        op.f("ix_changed_path_component_id_path_digest"), "changed_path", ["component_id", "path_digest"], unique=False
    )
    op.create_table(
        "deployment_event",
        sa.Column("event_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("attempt", id_type(), nullable=False),
        sa.Column("status", key_type(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_deployment_event_deployment_id")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_deployment_event")),
    )
    op.create_index(op.f("ix_deployment_event_deployment_id"), "deployment_event", ["deployment_id"], unique=False)
    op.create_table(
        "deployment_person",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_deployment_person_deployment_id")
        ),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_deployment_person")),
    )
    op.create_table(
        "fix",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("ref", key_type(), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_fix_deployment_id")),
        sa.PrimaryKeyConstraint("deployment_id", "ref", name=op.f("pk_fix")),
    )
    op.create_table(
        "not_deployed",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["component.component_id"], name=op.f("fk_not_deployed_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_not_deployed_deployment_id")
        ),
        sa.PrimaryKeyConstraint("deployment_id", "component_id", name=op.f("pk_not_deployed")),
    )
    op.create_table(
        "target",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("region", key_type(), nullable=False),
        sa.Column("ring", key_type(), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_target_deployment_id")),
        sa.PrimaryKeyConstraint("deployment_id", "region", "ring", name=op.f("pk_target")),
    )
    op.create_table(
        "change_author",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id", "change_no"],
            ["change.deployment_id", "change.change_no"],
            name=op.f("fk_change_author_deployment_id_change_no"),
        ),
        sa.PrimaryKeyConstraint("deployment_id", "change_no", name=op.f("pk_change_author")),
    )
    op.create_table(
        "change_component",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.Column("baseline_no", sa.Integer(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.Column("paths", sa.Integer(), nullable=False),
        sa.Column("sample_path", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["component.component_id"], name=op.f("fk_change_component_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id", "change_no"],
            ["change.deployment_id", "change.change_no"],
            name=op.f("fk_change_component_deployment_id_change_no"),
        ),
        sa.PrimaryKeyConstraint(
            "deployment_id", "change_no", "baseline_no", "component_id", name=op.f("pk_change_component")
        ),
    )
    op.create_table(
        "change_customer",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.Column("ref", key_type(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id", "change_no"],
            ["change.deployment_id", "change.change_no"],
            name=op.f("fk_change_customer_deployment_id_change_no"),
        ),
        sa.PrimaryKeyConstraint("deployment_id", "change_no", "ref", name=op.f("pk_change_customer")),
    )
    op.create_table(
        "change_trailer",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.Column("trailer_no", sa.Integer(), nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id", "change_no"],
            ["change.deployment_id", "change.change_no"],
            name=op.f("fk_change_trailer_deployment_id_change_no"),
        ),
        sa.PrimaryKeyConstraint("deployment_id", "change_no", "trailer_no", name=op.f("pk_change_trailer")),
    )
    op.create_table(
        "origin",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("origin_no", sa.Integer(), nullable=False),
        sa.Column("baseline_no", sa.Integer(), nullable=False),
        sa.Column("carrier_id", id_type(), nullable=False),
        sa.Column("touched_id", id_type(), nullable=False),
        sa.Column("paths", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["component.component_id"], name=op.f("fk_origin_carrier_id")),
        sa.ForeignKeyConstraint(
            ["deployment_id", "baseline_no"],
            ["baseline.deployment_id", "baseline.baseline_no"],
            name=op.f("fk_origin_deployment_id_baseline_no"),
        ),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_origin_deployment_id")),
        sa.ForeignKeyConstraint(["touched_id"], ["component.component_id"], name=op.f("fk_origin_touched_id")),
        sa.PrimaryKeyConstraint("deployment_id", "origin_no", name=op.f("pk_origin")),
    )
    op.create_index(op.f("ix_origin_carrier_id"), "origin", ["carrier_id"], unique=False)
    op.create_table(
        "exposure_window",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("origin_no", sa.Integer(), nullable=False),
        sa.Column("region", key_type(), nullable=False),
        sa.Column("ring", key_type(), nullable=False),
        sa.Column("live_from", Instant(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("live_until", Instant(), nullable=False),
        sa.Column("live_ended_by", id_type(), nullable=True),
        sa.Column("live_ended_recorded_at", Instant(), nullable=False),
        sa.Column("carrying_until", Instant(), nullable=False),
        sa.Column("carrying_ended_by", id_type(), nullable=True),
        sa.Column("carrying_reason", sa.String(), nullable=False),
        sa.Column("carrying_doubt_from", Instant(), nullable=False),
        sa.Column("carrying_ended_recorded_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id", "origin_no"],
            ["origin.deployment_id", "origin.origin_no"],
            name=op.f("fk_exposure_window_deployment_id_origin_no"),
        ),
        sa.PrimaryKeyConstraint(
            "deployment_id", "origin_no", "region", "ring", "live_from", name=op.f("pk_exposure_window")
        ),
    )
    op.create_index(
        op.f("ix_exposure_window_carrying_ended_by"), "exposure_window", ["carrying_ended_by"], unique=False
    )
    op.create_index(op.f("ix_exposure_window_live_ended_by"), "exposure_window", ["live_ended_by"], unique=False)
    op.create_index(op.f("ix_exposure_window_live_until"), "exposure_window", ["live_until"], unique=False)
    op.create_table(
        "reach",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.Column("origin_no", sa.Integer(), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("via_id", id_type(), nullable=True),
        sa.ForeignKeyConstraint(["component_id"], ["component.component_id"], name=op.f("fk_reach_component_id")),
        sa.ForeignKeyConstraint(
            ["deployment_id", "origin_no"],
            ["origin.deployment_id", "origin.origin_no"],
            name=op.f("fk_reach_deployment_id_origin_no"),
        ),
        sa.ForeignKeyConstraint(["via_id"], ["component.component_id"], name=op.f("fk_reach_via_id")),
        sa.PrimaryKeyConstraint("deployment_id", "component_id", "origin_no", name=op.f("pk_reach")),
    )
