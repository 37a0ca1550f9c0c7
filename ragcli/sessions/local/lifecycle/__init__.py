"""Directories of profiles: how they are made, replaced, set aside and removed.

Each change is one rename, so that a crash leaves the old profile or the new one. It
may import `sessions.local.session` and `sessions.local.history`. Start at
`directories`.
"""
