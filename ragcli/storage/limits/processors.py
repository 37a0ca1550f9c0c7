"""How many processors this process may use: seldom all that the machine has.

A container is given a share of them, as a set (sched_setaffinity(2)) or as time in
each period (the CPU controller of cgroups, version 1 or 2); what is started beyond
that costs memory and waits.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MEMBERSHIP = Path("/proc/self/cgroup")
"""Tells which control groups this process is in."""
HIERARCHIES = Path("/sys/fs/cgroup")
"""Where the limits of control groups are read."""


def count() -> int:
    """Returns how many processors to share work among, 1 at least."""
    allowed = quota()
    return max(1, min(_claimed(), math.ceil(allowed))) if allowed else _claimed()


def _claimed() -> int:
    """Returns how many this process may be scheduled on."""
    counted = getattr(os, "process_cpu_count", None)  # Python 3.13
    if counted:
        return counted() or 1
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def quota() -> float:
    """Returns how many processors' time the cgroups of this process allow; 0 is any."""
    with suppress(OSError):
        membership = MEMBERSHIP.read_text(encoding="utf-8", errors="surrogateescape")
        return min(filter(None, map(_allowed, _groups(membership))), default=0.0)
    return 0.0


def _groups(membership: str) -> Iterator[Path]:
    """Yields this process's groups of the CPU controller and all above them.

    Args:
        membership: Text of /proc/self/cgroup (cgroups(7)): `ID:controllers:path`.
    """
    for line in membership.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        names = controllers.split(",")
        if not controllers:
            mounts = [HIERARCHIES, HIERARCHIES / "unified"]
        elif "cpu" in names:
            mounts = [HIERARCHIES / controllers, HIERARCHIES / "cpu"]
        else:
            continue
        # A container may see its own group as the root, under a path of the host's.
        inside = Path(path.lstrip("/"))
        for mount in mounts:
            yield from (mount / group for group in (inside, *inside.parents))


def _allowed(group: Path) -> float:
    """Returns the processors that one group allows, 0 for any or for no group."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        with suppress(FileNotFoundError):
            quota, _, period = (group / "cpu.max").read_text().partition(" ")
            return 0.0 if quota == "max" else int(quota) / int(period)
        microseconds = int((group / "cpu.cfs_quota_us").read_text())
        if microseconds > 0:
            return microseconds / int((group / "cpu.cfs_period_us").read_text())
    return 0.0
