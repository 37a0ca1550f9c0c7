"""Generations: immutable snapshots of an index, and which of them is live.

Publishing, locks of readers, collection of what nobody needs, checks. It
moves files and knows nothing of vectors or words. Start reading at `snapshots`, then
`manifests` and `pointer`.
"""
