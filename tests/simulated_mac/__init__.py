"""A Mac, as far as Linux can play one: what a Mac lacks is hidden, what differs faked.

`mac.become()` changes this process; `at_start/` has every Python that is started with
it in `PYTHONPATH` do so before anything else runs. `pytest --simulated-mac` runs the
suite so. What cannot be played: a file system that ignores case, the drive's own
cache, launchd, the kernel's own errors.
"""
