"""Lets modules be imported that are read only when something of them is asked for.

SQLAlchemy imports asyncio and what lists installed packages, an eighth of the time that it takes to load, and uses
neither for a ledger in a file. psycopg asks for asyncio when it is loaded, and gets all of it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


class _Late(ModuleType):
    """A module that has not begun: it does when the first name is asked for that it lacks."""

    def __getattr__(self, name: str) -> Any:
        self.__class__ = ModuleType  # type: ignore[assignment] # from here on it is as any other
        spec = self.__spec__
        assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - it was made from one that has both
        spec.loader.exec_module(self)
        return getattr(self, name)


def begin_late(name: str) -> None:
    """Have a module begin when it is used; nothing for one that is loaded already, or whose loader is unknown."""
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    module.__class__ = _Late
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


def spare_sqlalchemy() -> None:
    """Call it before anything imports SQLAlchemy."""
    begin_late("importlib.metadata")
    if "asyncio" not in sys.modules:
        begin_late("asyncio")
        # The one name of it that SQLAlchemy takes at once.
        vars(sys.modules["asyncio"])["iscoroutine"] = import_module("asyncio.coroutines").iscoroutine
