"""Directories of profiles: how they are made, replaced, set aside and removed.

Each change is one rename, so that a crash leaves the old profile or the new one. It
may import `sessions.local.history` and what all stores share; of `local`, only the
store imports it. Start at `directories`.
"""
