"""Value classes that cost little to define.

`dataclass(frozen=True, slots=True)` writes and compiles six methods for each class,
0.6 ms a class: with it a question takes 717 ms of processor time instead of 641, and
`ragcli profile list` 183 instead of 173. Classes made here
share theirs, and what the functions of `dataclasses` ask of a class is made when one of
them asks. To everything else they are such dataclasses: `fields`, `replace`, `asdict`,
`match` and type checkers see no difference. Making an object takes half as long again,
so what is made by the ten thousand stays with the standard library.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")

_set = object.__setattr__


class _Kept:
    """What the shared methods know of a class, each by the names of its fields."""

    __slots__ = ("compared", "defaults", "factories", "given", "known", "shown")

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}
        """What the class body says: the default, a `field`, or MISSING."""
        self.defaults: dict[str, Any] = {}
        self.factories: dict[str, Callable[[], Any]] = {}
        self.known: tuple[str, ...] = ()
        self.shown: tuple[str, ...] = ()
        self.compared: tuple[str, ...] = ()

    def add(self, name: str, given: Any) -> None:
        """Adds a field, in the place of an inherited one of the same name."""
        self.given[name] = given
        self.defaults.pop(name, None)
        self.factories.pop(name, None)
        if not isinstance(given, Field):
            default = given
        else:
            default = given.default
            if given.default_factory is not MISSING:
                self.factories[name] = given.default_factory
        if type(default).__hash__ is None:
            raise ValueError(f"{name}: all objects would share this default")
        if default is not MISSING:
            self.defaults[name] = default

    def end(self) -> None:
        """Settles what is known, after the last field."""
        fields = [(n, g) for n, g in self.given.items() if isinstance(g, Field)]
        hidden = {name for name, given in fields if not given.repr}
        apart = {name for name, given in fields if not given.compare}
        self.known = tuple(self.given)
        self.shown = tuple(name for name in self.known if name not in hidden)
        self.compared = tuple(name for name in self.known if name not in apart)


class _DataclassFields:
    """Stands for `__dataclass_fields__` until it is asked for."""

    def __init__(self, kept: _Kept, annotations: dict[str, Any]) -> None:
        self._kept = kept
        self._annotations = annotations
        self._made: dict[str, Field[Any]] | None = None

    def __get__(self, _: object, owner: type) -> dict[str, Field[Any]]:
        if self._made is None:
            given = self._kept.given
            body = {name: given[name] for name in given if given[name] is not MISSING}
            # Of annotations that are text, it would search each for words of its own.
            body["__annotations__"] = dict.fromkeys(given, object)
            # Without a docstring, `dataclass` would make one of the signature: slowly.
            body |= {"__module__": owner.__module__, "__doc__": owner.__name__}
            twin: Any = dataclass(init=False, repr=False, eq=False)(
                type(owner.__name__, (), body)
            )
            self._made = twin.__dataclass_fields__
            for name, made in self._made.items():
                made.type = self._annotations[name]
        return self._made


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Makes a class with annotated fields an immutable value; a decorator.

    Its objects compare and hash by their fields, hold nothing else, and can be
    copied and pickled. A method that the class itself defines is left alone.
    """
    body = dict(vars(cls))
    own: dict[str, Any] = body.get("__annotations__", {})
    kept = _Kept()
    annotations: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        if isinstance(inherited := vars(base).get("__kept__"), _Kept):
            annotations |= base.__annotations__
            for name, given in inherited.given.items():
                kept.add(name, given)
    inherited_names = set(kept.given)
    for name in own:
        kept.add(name, body.pop(name, MISSING))
    kept.end()
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    body["__slots__"] = tuple(name for name in own if name not in inherited_names)
    body["__match_args__"] = kept.known
    body["__kept__"] = kept
    body["__dataclass_fields__"] = _DataclassFields(kept, annotations | own)
    kind: Any = type(cls)
    made: type[_T] = kind(cls.__name__, cls.__bases__, _METHODS | body)
    return made


def _init(self: Any, /, *given: Any, **named: Any) -> None:
    kept: _Kept = self.__kept__
    known = kept.known
    if len(given) > len(known):
        raise TypeError(f"{type(self).__name__} has {len(known)} fields")
    for name, value in zip(known, given, strict=False):
        _set(self, name, value)
    if len(given) < len(known):
        defaults = kept.defaults
        for name in known[len(given) :]:
            if name in named:
                _set(self, name, named.pop(name))
            elif name in defaults:
                _set(self, name, defaults[name])
            elif name in kept.factories:
                _set(self, name, kept.factories[name]())
            else:
                raise TypeError(f"{type(self).__name__} needs {name}")
    if named:
        _refuse_arguments(self, len(given), named)
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _refuse_arguments(self: Any, given: int, named: Collection[str]) -> None:
    """Raises: what is left of the arguments by name has no place."""
    kind, known = type(self).__name__, self.__kept__.known
    for name in known[:given]:
        if name in named:
            raise TypeError(f"{kind}: {name} is given twice")
    raise TypeError(f"{kind} has no field {', '.join(named)}")


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__kept__.known])


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__kept__.compared])


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name in self.__kept__.shown)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(_: Any, name: str, *_to: object) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r}")


def _restore(self: Any, state: Sequence[Any]) -> None:
    for name, value in zip(self.__kept__.known, state, strict=True):
        _set(self, name, value)


_METHODS = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _values,
    "__setstate__": _restore,
}
