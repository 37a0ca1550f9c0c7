"""A store in the memory of one process: for tests, and gone with the process.

It keeps the contract of every store and nothing more: what it does is as plain as it
can be. Start reading at `store`, then `shelf` and `session`.
"""
