"""A profile's history in a stream, and the turns that wait while the server is away.

It may import `server` and `scripts`, and the keys of a profile. Start reading at
`log`; `rewriting` takes records out, `outbox` keeps what could not be sent.
"""
