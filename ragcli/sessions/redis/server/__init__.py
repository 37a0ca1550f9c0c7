"""Connections: addresses, TLS, sentinels, replication, and the library's errors.

It knows no profile and no key. Start reading at `client`; `faults` is where errors of
the Redis library become ours.
"""
