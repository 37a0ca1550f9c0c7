"""The store in Redis: the same contract as on disk, from many machines at once.

`server` speaks to Redis, `scripts` run inside it, `history`, `profiles` and `checks`
build on both. Only here is Redis known. Start reading at `store`, then `session`.
"""
