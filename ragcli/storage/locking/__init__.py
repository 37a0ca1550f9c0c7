"""Locks between processes, and the file systems that do not keep them.

`locks` are named files that one process holds and others wait for, `directory_locks`
mark a directory as in use, `holders` say who holds one. It may import
`storage.files` and its neighbours, and nothing above `storage`. Start at `locks`.
"""
