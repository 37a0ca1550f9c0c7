"""Generations: immutable states of an index, and which of them is live.

Publishing, the locks of readers, removal of what nobody needs, checks of the files. Of
what is in these only the sizes are known here. It may import the modules on top of
`index`, and no package there. Start at `snapshots`, then `manifests` and `pointer`.
"""
