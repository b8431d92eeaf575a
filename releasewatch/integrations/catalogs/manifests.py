"""Parses JSON, TOML, YAML and XML that somebody else wrote: bounded, and every error with file and line."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import yaml
from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeXml

from releasewatch.integrations.catalogs.repo_files import ManifestError, RepoFiles
from releasewatch.integrations.yaml_loader import CoreLoader

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Table = dict[str, Any]

TOO_DEEP = "its values are nested too deeply"
LEAVE_OUT = "Mend the file, or leave it out: --exclude PATTERN."


def load_json(files: RepoFiles, path: str) -> Table:
    """The object in a JSON file; raises ManifestError."""
    try:
        return _table(json.loads(_text(files, path)), path)
    except json.JSONDecodeError as error:
        raise ManifestError(f"{path}:{error.lineno}: this is not JSON: {error.msg}", LEAVE_OUT) from error
    except RecursionError as error:
        raise ManifestError(f"{path}: {TOO_DEEP}", LEAVE_OUT) from error
    except ValueError as error:  # a whole number of thousands of digits
        raise ManifestError(f"{path}: this is not JSON: a number in it is too long", LEAVE_OUT) from error


def load_toml(files: RepoFiles, path: str) -> Table:
    """The table in a TOML file; raises ManifestError."""
    try:
        return tomllib.loads(_text(files, path))
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"{path}: this is not TOML: {error}", LEAVE_OUT) from error
    except RecursionError as error:
        raise ManifestError(f"{path}: {TOO_DEEP}", LEAVE_OUT) from error
    except ValueError as error:
        raise ManifestError(f"{path}: this is not TOML: a number in it is too long", LEAVE_OUT) from error


def load_yaml(files: RepoFiles, path: str) -> Table:
    """The mapping in a YAML file of one document; raises ManifestError."""
    documents = load_yaml_documents(files, path)
    if len(documents) != 1:
        raise ManifestError(f"{path}: wanted one YAML document, and there are {len(documents)}", LEAVE_OUT)
    return _table(documents[0], path)


def load_yaml_documents(files: RepoFiles, path: str) -> list[Any]:
    """Every document of a YAML file that holds something; raises ManifestError."""
    try:
        return [one for one in yaml.load_all(_text(files, path), Loader=CoreLoader) if one is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ManifestError(f"{path}{line}: this is not YAML: {error.problem or error.context}", LEAVE_OUT) from error
    except yaml.YAMLError as error:
        raise ManifestError(
            f"{path}: this is not YAML: it holds a character that may not stand there", LEAVE_OUT
        ) from error
    except RecursionError as error:
        raise ManifestError(f"{path}: {TOO_DEEP}", LEAVE_OUT) from error
    except ValueError as error:  # an explicit tag on what it does not fit
        raise ManifestError(f"{path}: this is not YAML: a value does not fit its type", LEAVE_OUT) from error


def load_xml(files: RepoFiles, path: str) -> Element:
    """The root of an XML file, in which no entity is expanded and nothing is fetched; raises ManifestError."""
    content = files.read(path)
    try:
        root: Element = SafeXml.fromstring(content, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except SafeXml.ParseError as error:
        line = error.position[0] if hasattr(error, "position") else 1
        raise ManifestError(f"{path}:{line}: this is not XML: {error}", LEAVE_OUT) from error
    except DefusedXmlException as error:
        raise ManifestError(f"{path}: it declares XML entities, which are not read", LEAVE_OUT) from error
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        raise ManifestError(f"{path}: this is not XML: its encoding is unknown", LEAVE_OUT) from error
    return root


def texts(value: object) -> list[str]:
    """The texts in a list; anything else is none."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def table_at(document: object, *keys: str) -> Table:
    """The table at a place, or an empty one when there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def text_at(document: object, key: str) -> str | None:
    """The text at a place, or None when there is none."""
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, str) and value else None


def _text(files: RepoFiles, path: str) -> str:
    content = files.read(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: byte {error.start} is not UTF-8", LEAVE_OUT) from error


def _table(document: object, path: str) -> Table:
    if not isinstance(document, dict):
        raise ManifestError(f"{path}: wanted a table of names and values, and it holds something else", LEAVE_OUT)
    return document
