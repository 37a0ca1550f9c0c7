"""Profiles and their histories: never lost, never mixed, never read by others.

Two stores, `local` and `redis`, keep one contract (`protocols`); `records`, `history`,
`encryption` and `audit` are shared by both. Start reading at `protocols`, then
`local.store`.
"""
