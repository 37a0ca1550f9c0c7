"""Indexes that belong to no profile.

`ephemeral` keeps piped text and attached files in memory for one call, `index_cache`
keeps what `--docs` names for the next call, `texts` indexes what a program hands over.
They are built of the same generations, segments and searches as a profile's index, and
may import all of `index`. Start at `ephemeral`.
"""
