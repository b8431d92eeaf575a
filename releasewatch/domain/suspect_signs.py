"""Signs that a change is of the kind that breaks: migrations, dependencies and configuration, by path and subject."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Sign = Literal["migration", "dependency", "config"]


@dataclass(frozen=True, slots=True)
class Marks:
    """Texts in lower case: one that a path holds or ends with, or that a subject holds, is a sign."""

    path_holds: tuple[str, ...] = ()
    path_ends: tuple[str, ...] = ()
    subject_holds: tuple[str, ...] = ()

    def on_path(self, path: str) -> bool:
        path = path.lower()
        return path.endswith(self.path_ends) or any(text in path for text in self.path_holds)

    def on_subject(self, subject: str) -> bool:
        subject = subject.lower()
        return any(text in subject for text in self.subject_holds)


BY_SUBJECT = ""

SIGNS: dict[Sign, Marks] = {
    "migration": Marks(
        path_holds=("migrations/", "/migration/", "db/migrate/", "alembic/versions/", "liquibase/", "flyway/"),
        path_ends=(".sql", ".ddl"),
        subject_holds=("migration", "schema change", "alter table"),
    ),
    "dependency": Marks(
        path_ends=(
            "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "requirements.txt",
            "requirements.yaml", "pyproject.toml", "poetry.lock", "uv.lock", "cargo.toml", "cargo.lock", "go.mod",
            "go.sum", "pom.xml", "build.gradle", "gemfile.lock", "composer.lock", "chart.yaml", "chart.lock",
            "dockerfile",
        ),
        subject_holds=("bump ", "upgrade ", "update dependency", "(deps", "downgrade "),
    ),
    "config": Marks(
        path_holds=("config/", "settings/", ".env"),
        path_ends=(
            ".yaml", ".yml", ".ini", ".cfg", ".conf", ".properties", ".tf", ".tfvars", "config.json", "settings.json",
        ),
        subject_holds=("feature flag", "toggle"),
    ),
}  # fmt: skip


def find_signs(paths: Iterable[str], subjects: Iterable[str]) -> dict[Sign, str]:
    """The signs that are there, each with the first path that shows it; empty where only a subject does.

    A subject is not repeated: it may name a customer, and a score is read on any channel.
    """
    found: dict[Sign, str] = {}
    for path in paths:
        for sign, marks in SIGNS.items():
            if sign not in found and marks.on_path(path):
                found[sign] = path
    for subject in subjects:
        for sign, marks in SIGNS.items():
            if sign not in found and marks.on_subject(subject):
                found[sign] = BY_SUBJECT
    return found
