"""Values made by `frozen` are to their users what frozen dataclasses are."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import (
    FrozenInstanceError,
    asdict,
    astuple,
    dataclass,
    field,
    fields,
    is_dataclass,
    replace,
)
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.frozen import frozen


@frozen
class Place:
    """A value with every kind of field."""

    path: str
    page: int = 1
    tags: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False)


@frozen
class Seen:
    what: str
    at: int = field(default=0, compare=False)


@frozen
class Pair:
    first: Any
    second: Any = None


@dataclass(frozen=True, slots=True)
class Reference:
    first: Any
    second: Any = None


@frozen
class Checked:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("negative")

    def __repr__(self) -> str:
        return f"<{self.number}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Checked) and self.number % 10 == other.number % 10

    def __hash__(self) -> int:
        return self.number % 10

    @property
    def doubled(self) -> int:
        return 2 * self.number


def test_fields_are_given_by_position_name_or_default() -> None:
    assert Place("a") == Place(path="a") == Place("a", 1, [], "")
    assert Place("a", tags=["x"], page=7).page == 7
    assert (Place("a", 2).path, Place("a", 2).page) == ("a", 2)


def test_a_default_factory_makes_a_new_value_each_time() -> None:
    first, second = Place("a"), Place("a")

    first.tags.append("x")

    assert second.tags == []


def test_a_default_that_all_would_share_is_refused() -> None:
    class Shared:
        tags: list[str] = []  # noqa: RUF012 - what must not be

    with pytest.raises(ValueError, match="tags"):
        frozen(Shared)


@frozen
class Pinned(Place):
    """A place with a field more, and another default for one."""

    page: int = 9
    pin: str = ""


def test_a_class_takes_over_the_fields_of_its_base() -> None:
    assert repr(Pinned("a", pin="x")) == "Pinned(path='a', page=9, tags=[], pin='x')"
    assert Pinned.__match_args__ == ("path", "page", "tags", "secret", "pin")
    assert [item.name for item in fields(Pinned)] == list(Pinned.__match_args__)
    assert not hasattr(Pinned("a"), "__dict__")
    assert replace(Pinned("a"), pin="y") == Pinned("a", 9, [], "", "y")


@pytest.mark.parametrize(
    ("given", "named", "message"),
    [
        ((), {}, "Place needs path"),
        ((), {"page": 2}, "Place needs path"),
        (("a",), {"path": "b"}, "Place: path is given twice"),
        (("a",), {"size": 2}, "Place has no field size"),
        (("a", 1, [], "", 5), {}, "Place has 4 fields"),
    ],
    ids=["missing", "missing-named", "twice", "unknown", "too-many"],
)
def test_wrong_arguments_are_refused(
    given: tuple[str, ...] | tuple[str, int, list[str], str, int],
    named: dict[str, int] | dict[str, str],
    message: str,
) -> None:
    with pytest.raises(TypeError, match=message):
        Place(*given, **named)


def test_nothing_can_be_changed_added_or_removed() -> None:
    place = Place("a")

    with pytest.raises(FrozenInstanceError):
        setattr(place, "path", "b")  # noqa: B010
    with pytest.raises(FrozenInstanceError):
        setattr(place, "other", "b")  # noqa: B010
    with pytest.raises(FrozenInstanceError):
        del place.path
    assert not hasattr(place, "__dict__")
    assert place == Place("a")


def test_equal_values_are_equal_and_hash_alike() -> None:
    assert Pair(1, "x") == Pair(1, "x")
    assert hash(Pair(1, "x")) == hash(Pair(1, "x"))
    assert Pair(1, "x") != Pair(2, "x")
    other: object = Reference(1, "x")
    assert Pair(1, "x") != other
    assert {Pair(1): "one"}[Pair(1)] == "one"
    assert Seen("a", 1) == Seen("a", 2) != Seen("b", 2)
    assert hash(Seen("a", 1)) == hash(Seen("a", 2))
    with pytest.raises(TypeError):
        hash(Pair([]))


def test_repr_leaves_out_what_shall_not_be_shown() -> None:
    assert repr(Place("a", secret="s3cret")) == "Place(path='a', page=1, tags=[])"


def test_the_functions_for_dataclasses_work() -> None:
    place = Place("a", 2, ["x"], "s")

    made: object = Place
    assert is_dataclass(made)
    assert [item.name for item in fields(Place)] == ["path", "page", "tags", "secret"]
    copied: Callable[..., Place] = replace

    assert copied(place, page=3) == Place("a", 3, ["x"], "s")
    assert astuple(place) == ("a", 2, ["x"], "s")
    assert asdict(Pair(place, 1)) == {
        "first": {"path": "a", "page": 2, "tags": ["x"], "secret": "s"},
        "second": 1,
    }
    with pytest.raises(TypeError, match="has no field size"):
        copied(place, size=3)


def test_match_takes_fields_by_position_and_name() -> None:
    match Place("a", 2):
        case Place(path, 2, tags=[]):
            assert path == "a"
        case _:
            pytest.fail("it did not match")


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_copies_are_equal(again: Callable[[Place], Place]) -> None:
    place = Place("a", 2, ["x"], "s")

    assert again(place) == place
    assert (again(place).tags is place.tags) is (again is copy.copy)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_comes_back(protocol: int) -> None:
    place = Place("a", 2, ["x"], "s")

    assert pickle.loads(pickle.dumps(place, protocol)) == place


def test_what_a_class_defines_itself_is_kept() -> None:
    assert repr(Checked(3)) == "<3>"
    assert Checked(3) == Checked(13)
    assert hash(Checked(3)) == hash(Checked(13))
    assert Checked(3).doubled == 6
    with pytest.raises(ValueError, match="negative"):
        Checked(-1)
    with pytest.raises(ValueError, match="negative"):
        replace(Checked(1), number=-1)
    with pytest.raises(FrozenInstanceError):
        setattr(Checked(3), "number", 4)  # noqa: B010


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.tuples(st.integers())
)


@given(values, values, values, values)
def test_they_do_what_the_standard_library_does(
    one: object, two: object, three: object, four: object
) -> None:
    ours, theirs = Pair(one, two), Reference(one, two)
    others = Pair(three, second=four), Reference(three, second=four)

    assert (ours == others[0]) is (theirs == others[1])
    assert (hash(ours) == hash(others[0])) is (hash(theirs) == hash(others[1]))
    assert repr(ours).removeprefix("Pair") == repr(theirs).removeprefix("Reference")
    assert asdict(ours) == asdict(theirs)
    assert astuple(replace(ours, first=three)) == astuple(replace(theirs, first=three))
    assert pickle.loads(pickle.dumps(ours)) == ours
    assert [f.name for f in fields(ours)] == [f.name for f in fields(theirs)]
    assert Pair.__match_args__ == Reference.__match_args__
