"""Profiles and their histories: never lost, never mixed, never read by others.

Several stores keep one contract (`protocols`); `stores` says which address means
which. `records`, `history`, `encryption` and `audit` are shared by all of them. Start
reading at `protocols`, then `local.store`.
"""
