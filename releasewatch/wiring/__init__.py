"""From options, environment and config to concrete objects: the only package that knows everyone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.domain.privacy import Channel, Reveal
from releasewatch.errors import InvalidCallError, ReleasewatchError
from releasewatch.wiring import repo_catalogs
from releasewatch.wiring.channels import Showing, channel_of
from releasewatch.wiring.repo_catalogs import mapper_of
from releasewatch.wiring.repo_names import name_of_repo
from releasewatch.wiring.standing import working_folder

if TYPE_CHECKING:
    from releasewatch.config import Config, LedgerAddress, OrganisationSettings, Sources
    from releasewatch.domain.calling_hours import CallingHours
    from releasewatch.domain.catalog import Catalog
    from releasewatch.domain.discovery import Proposal, SeenEnvironments
    from releasewatch.integrations.catalogs.repo_files import RepoFiles
    from releasewatch.integrations.ci.facts import CiFacts
    from releasewatch.integrations.git_history import GitHistory
    from releasewatch.integrations.spool_files import SpoolFolder
    from releasewatch.storage.ledger import Ledger, Rehearsal
    from releasewatch.usecases.customers import Looking
    from releasewatch.usecases.surroundings import Surroundings
    from releasewatch.usecases.tag_packages import TagPackages
    from releasewatch.wiring.clones import Clone

__all__ = ["App", "clock", "local_zone", "mapper_of"]


def clock() -> datetime:
    """The instant it is, in UTC. The one place where time comes from."""
    return datetime.now(UTC)


def local_zone() -> tzinfo:
    """The zone of `TZ`, else the machine's."""
    from releasewatch.integrations.machine_zone import MachineZone

    return MachineZone()


@dataclass
class App:
    """What one command works with; everything is made when it is first asked for."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    cwd: Path = field(default_factory=working_folder)
    config_file: str | None = None
    database: str | None = None
    quiet: bool = False
    verbose: bool = False
    rehearse: bool = False
    reads_only: bool = False
    may_ask_replica: bool = False
    read_url: str | None = None
    on_lowered: Callable[[str], None] = field(default=lambda _: None)
    on_replica: Callable[[Ledger], None] = field(default=lambda _: None)
    fetch_missing: bool = True
    clone: Clone | None = None
    now: datetime = field(default_factory=lambda: clock())
    zone: tzinfo = field(default_factory=lambda: local_zone())
    stdout_is_terminal: bool = field(default_factory=lambda: sys.stdout.isatty())

    @cached_property
    def ci(self) -> CiFacts | None:
        """The CI job we run in, if any."""
        from releasewatch.integrations.ci import recognise

        return recognise(self.environ)

    @cached_property
    def repo_config(self) -> Config:
        """The settings in the repo's own file: for its name and where the ledger is. Opens no ledger.

        Of a pull request they are those of the commit it goes into.
        """
        if self._reads_clone:
            return self._config_of_clone(settings=True)
        if self.ci is None or self.ci.pull_request is None:
            return self.config_here
        from releasewatch.config import load_config
        from releasewatch.wiring.pull_requests import config_of_base

        named = Path(self.config_file) if self.config_file else None
        return config_of_base(self.ci, self.cwd, lambda read: load_config(self.cwd, named, self.environ, read))

    @cached_property
    def config_here(self) -> Config:
        """The settings as they stand in the checkout, whoever wrote them: for its catalog alone."""
        from releasewatch.config import load_config

        if self._reads_clone:
            return self._config_of_clone(settings=False)
        return load_config(self.cwd, Path(self.config_file) if self.config_file else None, self.environ)

    def _config_of_clone(self, *, settings: bool) -> Config:
        from releasewatch.wiring.clones import config_of_clone

        return config_of_clone(self._clone, self.ci, self.cwd, settings=settings)

    @cached_property
    def config(self) -> Config:
        """The settings in force: the repo's own, with the organisation's from the ledger once they were pushed.

        Raises ConfigError when the repo's file holds a table of the organisation's as well, and whatever keeps the
        ledger from being read: who is shown what, and what tier an environment has, is not guessed.
        """
        return self.config_known_at(None)

    def config_known_at(self, known_at: datetime | None) -> Config:
        """The same with the version in force by an instant; before the first one, those of today.

        What stood in repos' files in those days is not kept anywhere.
        """
        from releasewatch.config import with_organisation

        pushed = self.pushed_settings(known_at)
        if pushed is not None:
            return with_organisation(self.repo_config, pushed)
        return self.repo_config if known_at is None else self.config

    def pushed_settings(self, known_at: datetime | None = None) -> OrganisationSettings | None:
        """The organisation's settings in the ledger, or those known by an instant; None where none were pushed."""
        if not self.has_ledger:
            return None  # without loading what speaks to databases
        from releasewatch.usecases.settings import read_pushed

        return read_pushed(self.ledger_address.url, known_at)

    @property
    def products_to_store(self) -> dict[str, tuple[str, ...]]:
        """The products that a repo's own file brings into the ledger; none once the organisation's are pushed there."""
        if self.config.settings_version is not None:
            return {}
        return {key: product.components for key, product in self.config.tables.products.items()}

    @cached_property
    def calling_hours(self) -> CallingHours:
        """`[calling]`, with what is known of the countries where customers are."""
        from releasewatch.wiring.hours import hours_of

        return hours_of(self.config.tables.calling)

    @cached_property
    def history(self) -> GitHistory:
        """The git repo we stand in, or the clone that was asked for; raises a clear error when there is none."""
        if self.clone is not None:
            return self.clone.history()
        from releasewatch.integrations.git_history import open_history

        return open_history(self.cwd, fetch_missing=self.fetch_missing)

    @cached_property
    def history_or_none(self) -> GitHistory | None:
        """The git repo we stand in, or None where there is none or git refuses: for what only uses it as a hint."""
        with suppress(ReleasewatchError):
            return self.history
        return None

    @cached_property
    def sources(self) -> Sources:
        """What stands beside the config file."""
        from releasewatch.config import DATABASE, READ_URL, REPO, Sources

        flags = {DATABASE: self.database, READ_URL: self.read_url}
        # A clone may be of another repo than the job.
        ci = {REPO: self.ci.repo} if self.ci and self.ci.repo and self.clone is None else {}
        return Sources(
            environ=self.environ,
            cwd=self.cwd,
            flags={key: value for key, value in flags.items() if value},
            ci=ci,
            remote=self._remote,
        )

    def _remote(self) -> str | None:
        """The path of the remote, or the name of the folder where there is none."""
        if self.clone is not None:
            return self.clone.path
        from releasewatch.config import find_git_root

        history = self.history_or_none
        path = history.remote_path() if history is not None else None
        if path is not None:
            return path
        root = find_git_root(self.cwd)
        return root.name if root else None

    @cached_property
    def repo(self) -> str:
        """What this repo is called in the ledger."""
        from releasewatch.config import resolve_repo

        return str(resolve_repo(self.repo_config, self.sources).value)

    @cached_property
    def ledger_address(self) -> LedgerAddress:
        """Where the ledger is, without opening it; for what only reads, where its replica is, if one is named."""
        from releasewatch.config import resolve_ledger

        return self.replica_address or resolve_ledger(self.repo_config, self.sources)

    @cached_property
    def replica_address(self) -> LedgerAddress | None:
        """The replica to ask instead of the ledger, for what only reads; None where none is named."""
        from releasewatch.config import resolve_replica

        return resolve_replica(self.repo_config, self.sources) if self.may_ask_replica else None

    @cached_property
    def spool(self) -> SpoolFolder:
        """Where records wait while the ledger cannot be had."""
        from releasewatch.config import resolve_spool
        from releasewatch.integrations.spool_files import SpoolFolder

        return SpoolFolder(resolve_spool(self._repo_config_if_sound(), self.sources)[0])

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, open and at the program's schema; one that forgets what it is told when rehearsing."""
        from releasewatch.storage.migrate import open_ledger
        from releasewatch.wiring.passing_ledgers import passing_ledger

        if self.replica_address is not None:
            from releasewatch.storage.replicas import open_replica

            replica = open_replica(self.replica_address.url)
            self.on_replica(replica)
            return replica
        if self.reads_only and not self.has_ledger:
            return open_ledger(passing_ledger())  # a question leaves no file behind, whatever it was asked of
        return self.rehearsal() if self.rehearse else open_ledger(self.ledger_address.url)

    def rehearsal(self) -> Rehearsal:
        """A ledger that forgets what it is told, beside the one that does not; an absent file stays absent."""
        from releasewatch.wiring.passing_ledgers import rehearse_on

        return rehearse_on(self.ledger_address)

    @property
    def has_ledger(self) -> bool:
        """Whether there is a ledger to ask: a server that is named, or a file that exists. Nothing is opened."""
        return self.ledger_address.file is None or self.ledger_address.file.exists()

    @property
    def ledger_is_lost(self) -> bool:
        """Whether the ledger is a file on a CI runner that will be thrown away after the job."""
        return self.ci is not None and self.ci.ephemeral and self.ledger_address.file is not None

    def catalog_at(self, sha: str | None) -> Catalog:
        """The catalog at a commit: of the work tree when that is what is checked out, else of the file in git.

        Where a commit holds no config, the one of the work tree speaks for it. Where the config names no components,
        the `catalog-info.yaml` files of the commit do, read from git and never from the work tree.
        """
        from releasewatch.config import config_at

        if sha is None:
            return self.catalog_here
        if self._is_checked_out(sha) or self.config_file:
            return self._catalog_of(self.config_here, sha)
        found = config_at(lambda path: self.history.file_at(sha, path), sha)
        return self._catalog_of(found or self.config_here, sha)

    @cached_property
    def catalog_here(self) -> Catalog:
        """The catalog of the work tree, from its config, else its `catalog-info.yaml` files."""
        return self._catalog_of(self.config_here, None)

    @cached_property
    def work_tree(self) -> Path:
        """The root of the git work tree we stand in; raises InvalidCallError outside of git."""
        from releasewatch.integrations.git_files import find_work_tree

        return find_work_tree(self.cwd)

    def _catalog_of(self, config: Config, sha: str | None) -> Catalog:
        def files(no_effect: Sequence[str]) -> RepoFiles:
            return self.tracked_files(no_effect) if sha is None else self._files_at(sha, no_effect)

        stated = config.catalog(self.repo)
        if stated.components or self.history_or_none is None:
            return stated
        return repo_catalogs.catalog_of(stated, files, sha)

    def tracked_files(self, exclude: Sequence[str] = ()) -> RepoFiles:
        """The files that git tracks in the work tree, without those that some patterns match."""
        if self.clone is not None:
            return self._files_at(self.history.resolve("HEAD"), exclude)
        return repo_catalogs.tracked_files(self.work_tree, exclude)

    def _files_at(self, sha: str, exclude: Sequence[str]) -> RepoFiles:
        folder = self.cwd if self.clone is None else self.clone.folder or self.cwd
        return repo_catalogs.files_at(folder, sha, lambda path: self.history.file_at(sha, path), exclude)

    @property
    def _reads_clone(self) -> bool:
        """Whether the settings are those in the clone: none is named beside it."""
        from releasewatch.config.loading import CONFIG_VARIABLE

        return self.clone is not None and not (self.config_file or self.environ.get(CONFIG_VARIABLE))

    @property
    def _clone(self) -> Clone:
        if self.clone is None:
            raise AssertionError("asked for settings in a clone, and there is none")
        return self.clone

    def discover(self, files: RepoFiles, kinds: Sequence[str] = ()) -> Proposal:
        """The components that the repo's own files name, asking the named sources, by default all."""
        return repo_catalogs.discover(files, kinds, (self.repo_name()[0] or "").rpartition("/")[2])

    def seen_environments(self, files: RepoFiles) -> SeenEnvironments:
        """The environments that files of the repo name."""
        return repo_catalogs.seen_environments(files)

    def tag_packages(self, tags: Sequence[str]) -> TagPackages:
        """Which tags name a package of this repo, and the components that those are."""
        return repo_catalogs.tag_packages(tags, self.repo, self.tracked_files, lambda: self.catalog_at(None))

    def repo_name(self) -> tuple[str | None, str]:
        """What this repo is called, if anything tells it, and what that is."""
        return name_of_repo(self._repo_config_if_sound(), self.sources, lambda: self.history_or_none)

    def _repo_config_if_sound(self) -> Config:
        """The settings in the repo's own file; a broken file says nothing, and what else does may still."""
        from releasewatch.config import Config, find_git_root

        with suppress(ReleasewatchError):
            return self.repo_config
        return Config(root=find_git_root(self.cwd) or self.cwd)

    def _is_checked_out(self, sha: str) -> bool:
        return self.history_or_none is not None and self.history_or_none.resolve("HEAD") == sha

    def surroundings(self, *, git: bool = True) -> Surroundings:
        """What recording reads."""
        from releasewatch.usecases.surroundings import Surroundings

        return Surroundings(self.repo, self.history if git else None, self.catalog_at, mapper_of, self.tag_packages)

    def surroundings_of(self, repo: str, head: str | None, catalog: Catalog) -> Surroundings:
        """What recording reads for a deployment whose head and catalog were settled before, maybe in another clone."""
        if repo != self.repo:
            raise InvalidCallError(
                f"It is a deployment of {repo}, and this is a clone of {self.repo}.",
                f"Run the same command in a clone of {repo}.",
            )
        around = self.surroundings(git=head is not None)
        return replace(around, catalog_at=lambda sha: catalog if sha == head else self.catalog_at(sha))

    @cached_property
    def actor(self) -> str:
        """Who does it: RELEASEWATCH_ACTOR, else CI's actor, else git's e-mail."""
        said = self.environ.get("RELEASEWATCH_ACTOR") or (self.ci.actor if self.ci else None)
        if said and said.strip():
            return " ".join(said.split())
        return (self.history_or_none.actor_email() if self.history_or_none else None) or ""

    def level(self, reveal: str | None, output: Path | None) -> Reveal:
        """How much of a customer may be shown where this output goes."""
        return self._showing.level(self.channel(output), reveal, self.config.tables.privacy)

    def level_without_ledger(self, reveal: str | None, output: Path | None) -> Reveal:
        """The same by the repo's own settings alone, where the ledger is not to be asked."""
        return self._showing.level(self.channel(output), reveal, self.repo_config.tables.privacy)

    @cached_property
    def _showing(self) -> Showing:
        return Showing(self.on_lowered)

    def looking(
        self,
        reveal: str | None,
        output: Path | None = None,
        *,
        at: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Looking:
        """As of when customers are looked up, and how much of them may be shown where the answer goes."""
        from releasewatch.storage.when import When
        from releasewatch.usecases.customers import Looking

        opaque = self.config.tables.privacy.keys == "opaque"
        return Looking(When(at or self.now, known_at), self.level(reveal, output), opaque)

    def channel(self, output: Path | None) -> Channel:
        """Where output goes."""
        return channel_of(self.ci, output, is_terminal=self.stdout_is_terminal)
