"""Private directories that live as long as one operation.

`memory_directories` are in memory where the system has a file system for it, `scratch`
ones on the disk. What a killed process leaves is swept by the next one. It may import
`storage.locking` and `storage.files`. Start at `scratch`.
"""
