"""Docker Compose: the services that are built from a folder of this repo, and which of them start after each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.discovery import RUNS, Found, Member, Need, TypeGuess
from releasewatch.integrations.catalogs.manifests import Table, load_yaml, table_at, text_at, texts
from releasewatch.integrations.catalogs.repo_files import ManifestError, folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "compose"
MANIFESTS = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def find(files: RepoFiles) -> Found:
    """The services with a build context, of every Compose file with one of the names that Compose looks for."""
    left_out = files.samples(*MANIFESTS)
    members: list[Member] = []
    for path in files.named(*MANIFESTS):
        try:
            services = load_yaml(files, path).get("services")
        except ManifestError as error:
            left_out.append(error.message)
            continue
        if isinstance(services, dict):
            members += _members(files, path, services, left_out)
        elif services is not None:
            left_out.append(f"{path}: services is no table of services")
    return Found(tuple(members), tuple(left_out))


def _members(files: RepoFiles, path: str, services: Table, left_out: list[str]) -> Iterator[Member]:
    folders: dict[str, str] = {}
    images: list[str] = []
    for name, service in services.items():
        if not isinstance(name, str) or not isinstance(service, dict):
            left_out.append(f"{path}: services.{str(name)[:60]} is no table")
        elif service.get("build") is None:
            images.append(name)
        else:
            folder = _folder(files, path, name, service["build"], left_out)
            if folder is not None:
                folders[name] = folder
    if images:
        left_out.append(
            f"{path}: not built from this repo: {', '.join(images[:8])}" + (" …" if len(images) > 8 else "")
        )
    for name, folder in folders.items():
        service = services[name]
        stated = service.get("depends_on")
        wanted = [one for one in stated if isinstance(one, str)] if isinstance(stated, dict) else texts(stated)
        wanted += [one.partition(":")[0] for one in texts(service.get("links"))]
        needs = tuple(
            Need(folders[other], f"depends_on of the service {name} in {path}")
            for other in dict.fromkeys(wanted)
            if other in folders and folders[other] != folder
        )
        guess = TypeGuess("service", f"{path} starts it as {name}", RUNS)
        yield Member(
            SOURCE, folder, name, f"{path} builds the service {name} from {folder or 'the root'}", needs, guess
        )


def _folder(files: RepoFiles, path: str, name: str, build: object, left_out: list[str]) -> str | None:
    """The folder that a service is built from: its context, or where its Dockerfile lies further in."""
    context = build if isinstance(build, str) else text_at(build, "context") or "."
    where = f"{path}: services.{name}.build"
    if not isinstance(build, (str, dict)):
        left_out.append(f"{where} is neither a folder nor a table")
        return None
    if "$" in context or "://" in context or context.startswith("git@"):
        left_out.append(f"{where}: {context} is no folder of this repo")
        return None
    folder = inside(folder_of(path), context)
    if folder is None:
        left_out.append(f"{where}: {context} leads out of this repo")
        return None
    dockerfile = inside(folder, text_at(table_at({"build": build}, "build"), "dockerfile") or "Dockerfile")
    if dockerfile is not None and files.has(dockerfile) and folder_of(dockerfile) != folder:
        folder = folder_of(dockerfile)
    if folder not in files.folders:
        left_out.append(f"{where}: there is no file in {folder}")
        return None
    return folder
