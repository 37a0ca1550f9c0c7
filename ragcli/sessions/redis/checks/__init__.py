"""Whether a server is safe and a profile sound, and how damage is set aside.

It builds on an open `session`. Start reading at `inspection` (servers) and
`repairing` (profiles).
"""
