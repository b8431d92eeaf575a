"""Changes that several deployments of a repo brought to one environment are marked, so that the others need no sorting.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_AT_ONCE = 400

_CAME_AGAIN = sa.text(
    """
    SELECT d.repo_id, d.environment_id, c.sha
    FROM change c JOIN deployment d ON d.deployment_id = c.deployment_id
    WHERE c.side = 'added' AND c.sha <> ''
    GROUP BY d.repo_id, d.environment_id, c.sha
    HAVING count(*) > 1
    """
)

_MARK = sa.text(
    """
    UPDATE change SET repeated = true
    WHERE side = 'added' AND sha IN :shas AND deployment_id IN
        (SELECT deployment_id FROM deployment WHERE repo_id = :repo_id AND environment_id = :environment_id)
    """
).bindparams(sa.bindparam("shas", expanding=True))


def upgrade() -> None:
    """Add the mark, set it for what is there, and create the indexes of those with it and without."""
    op.add_column("change", sa.Column("repeated", sa.Boolean(), server_default=sa.false(), nullable=False))
    connection = op.get_bind()
    found: dict[tuple[int, int], list[str]] = {}
    for repo_id, environment_id, sha in connection.execute(_CAME_AGAIN):
        found.setdefault((repo_id, environment_id), []).append(sha)
    for (repo_id, environment_id), shas in found.items():
        for start in range(0, len(shas), _AT_ONCE):
            part = shas[start : start + _AT_ONCE]
            connection.execute(_MARK, {"shas": part, "repo_id": repo_id, "environment_id": environment_id})
    once = "side = 'added' AND sha != '' AND is_merge IS {0} AND reverted_by IS NULL AND repeated IS {0}"
    op.create_index(
        "ix_change_deployment_id_committed_at",
        "change",
        ["deployment_id", "committed_at"],
        sqlite_where=sa.text(once.format("0")),
        postgresql_where=sa.text(once.format("false")),
    )
    op.create_index(
        "ix_change_deployment_id_repeated",
        "change",
        ["deployment_id"],
        sqlite_where=sa.text("repeated IS 1"),
        postgresql_where=sa.text("repeated IS true"),
    )
