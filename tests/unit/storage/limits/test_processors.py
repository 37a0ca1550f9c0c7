"""A process counts the processors that it may use, not those of the machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.storage.limits import processors


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A machine of eight processors that a process can be put into a group of."""
    monkeypatch.setattr(os, "process_cpu_count", lambda: 8, raising=False)
    monkeypatch.setattr(processors, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(processors, "HIERARCHIES", tmp_path / "cgroup")

    def write(membership: str) -> None:
        (tmp_path / "membership").write_text(membership)

    return write


def test_all_that_may_be_used_where_nothing_limits_it(
    machine: Callable[[str], None],
) -> None:
    assert processors.count() == 8


@pytest.mark.parametrize(
    ("told", "count"),
    [
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("max 100000", 8),
        ("1600000 100000", 8),
        ("20000 100000", 1),
        ("garbage", 8),
    ],
)
@pytest.mark.parametrize("group", ["app/inner", "app", "."])
def test_the_nearest_bound_of_version_2_counts(
    machine: Callable[[str], None], tmp_path: Path, told: str, count: int, group: str
) -> None:
    place = tmp_path / "cgroup" / group
    place.mkdir(parents=True)
    (place / "cpu.max").write_text(f"{told}\n")
    machine("0::/app/inner\n")
    assert processors.count() == count


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
@pytest.mark.parametrize(("quota", "count"), [(300_000, 3), (-1, 8)])
def test_the_quota_of_version_1(
    machine: Callable[[str], None], tmp_path: Path, mount: str, quota: int, count: int
) -> None:
    place = tmp_path / "cgroup" / mount
    place.mkdir(parents=True)
    (place / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (place / "cpu.cfs_period_us").write_text("100000\n")
    machine("9:memory:/x\n4:cpu,cpuacct:/docker/0123\n0::/\n")
    assert processors.count() == count


def test_the_affinity_counts_before_python_3_13(
    machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "process_cpu_count")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 5}, raising=False)
    assert processors.count() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert processors.count() == 6
