"""Conversations over a store's log: reading, listing, erasing, expiry, export.

It knows records and the protocols of a store, never which store it is. Start reading
at `writer` and `reader`; `erasure` says what a rewrite takes out, `lifetime` what
is due.
"""
