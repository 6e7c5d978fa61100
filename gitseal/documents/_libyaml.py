# SPDX-License-Identifier: Apache-2.0
"""
PyYAML's parsers, without what `import yaml` costs where the C one is there.

`import yaml` takes about 17 ms, nearly all of it for loaders, resolvers and regular expressions
that a reader of events never uses; git starts us for every command that meets a sealed file.
So the C parser is loaded alone, with empty modules in place of those parts.  They are there for
that moment only.  Whoever imports yaml later in this process gets the real package: a finder
hands it the few modules that are loaded already, as its own, and gives the C parser its real
exception classes.  Anything unexpected on the way, and yaml is imported as everybody does it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    NewParser = Callable[[str], Any]

_EXTENSION = "yaml._yaml"
_LOADED_AS_THEY_ARE = ("yaml.error", "yaml.tokens", "yaml.events", "yaml.nodes")
_EXCEPTIONS = {
    "yaml.reader": "ReaderError",
    "yaml.scanner": "ScannerError",
    "yaml.parser": "ParserError",
    "yaml.composer": "ComposerError",
    "yaml.constructor": "ConstructorError",
    "yaml.emitter": "EmitterError",
    "yaml.serializer": "SerializerError",
    "yaml.representer": "RepresenterError",
}


class Engine:
    """
    One of the two parsers, which give the same events at the same places.

    Attributes:
        new_parser: makes a parser for a text; `get_event()` gives events, None at the end.
        events: the module with the event classes.
        error: the base class of what the parser raises.
        in_c: whether it is libyaml.
    """

    __slots__ = ("error", "events", "in_c", "new_parser")

    def __init__(
        self, new_parser: NewParser, events: ModuleType, error: type[Exception], *, in_c: bool
    ) -> None:
        self.new_parser = new_parser
        self.events = events
        self.error = error
        self.in_c = in_c


_engine: Engine | None = None


def engine() -> Engine:
    """Give the parser of this process: the C one if PyYAML was built with it."""
    global _engine
    if _engine is None:
        _engine = _load_c() or load_pure()
    return _engine


def load_pure() -> Engine:
    """Give the parser in Python: the same grammar and places, 25 times slower."""
    import yaml.events
    from yaml.error import YAMLError
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PureParser(Reader, Scanner, Parser):
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

    return Engine(PureParser, yaml.events, YAMLError, in_c=False)


def _load_c() -> Engine | None:
    if not any(name.partition(".")[0] == "yaml" for name in sys.modules):
        loaded = _load_alone()
        if loaded is not None:
            return loaded
    try:
        import yaml.events
        from yaml._yaml import CParser
        from yaml.error import YAMLError
    except ImportError:
        return None
    return Engine(_in_pieces(CParser), yaml.events, YAMLError, in_c=True)


class _Stream:
    """Hands a long text to libyaml piece by piece, which else makes a copy of all of it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def read(self, size: int) -> str:
        """Give the next characters; no more than were asked for."""
        start = self._position
        self._position += size
        return self._text[start : start + size]


def _in_pieces(parser: Callable[[Any], Any]) -> NewParser:
    return lambda text: parser(text if len(text) < _LONG else _Stream(text))


_LONG = 1 << 18


def _load_alone() -> Engine | None:
    """Load the C parser without the package around it; None if that does not work here."""
    found = _find_package()
    if found is None:
        return None
    try:
        _seed(found)
        __import__(_EXTENSION)
        kept = {name: sys.modules[name] for name in (*_LOADED_AS_THEY_ARE, _EXTENSION)}
    except Exception:  # noqa: BLE001 - whatever it is, the ordinary import still works
        kept = {}
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "yaml"]:
            del sys.modules[name]
    if not kept:
        return None
    sys.meta_path.insert(0, _Keeper(kept))
    new_parser = _in_pieces(kept[_EXTENSION].CParser)
    error: type[Exception] = kept["yaml.error"].YAMLError
    return Engine(new_parser, kept["yaml.events"], error, in_c=True)


def _find_package() -> ModuleSpec | None:
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find_spec("yaml", None) if find_spec else None
        if spec is not None:
            return spec if spec.submodule_search_locations else None
    return None


def _seed(spec: ModuleSpec) -> None:
    """Put a bare package, the cheap parts as they are, and empty exceptions into sys.modules."""
    new_module = type(sys)
    package = new_module("yaml")
    package.__path__ = list(spec.submodule_search_locations or ())
    package.__spec__ = spec
    sys.modules["yaml"] = package
    for name in _LOADED_AS_THEY_ARE:
        __import__(name)
    base = sys.modules["yaml.error"]
    for name, exception in _EXCEPTIONS.items():
        marked = exception != "ReaderError"
        bases = (base.MarkedYAMLError,) if marked else (_Reader, base.YAMLError)
        stub = new_module(name)
        setattr(stub, exception, type(exception, bases, {}))
        sys.modules[name] = stub
        setattr(package, name.rpartition(".")[2], stub)


class _Reader:
    """What yaml.reader.ReaderError remembers."""

    position = 0

    def __init__(self, _name: str, position: int, *_character_and_reason: object) -> None:
        self.position = position


class _Keeper:
    """
    A finder for the parts of yaml that are loaded already.

    An extension module exists once in a process: it must meet the event and node classes it was
    loaded with again, or `yaml.load(…, Loader=CSafeLoader)` would not know its own nodes.
    """

    def __init__(self, kept: dict[str, ModuleType]) -> None:
        self._kept = kept

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        """Give a spec whose loader hands out the kept module."""
        module = self._kept.get(name)
        if module is None:
            return None
        from importlib.machinery import ModuleSpec

        spec = ModuleSpec(name, self, origin=module.__file__)  # type: ignore[arg-type]
        spec.has_location = True
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Give the module that was kept."""
        return self._kept[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Give the C parser the real classes that its stubs stood for."""
        if module is not self._kept[_EXTENSION]:
            return
        for name, exception in _EXCEPTIONS.items():
            __import__(name)
            setattr(module, exception, getattr(sys.modules[name], exception))
        module.yaml = sys.modules["yaml"]  # type: ignore[attr-defined]
