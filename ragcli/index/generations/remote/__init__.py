"""Generations that a store keeps as blocks, and their copies on this disk.

It may import its parent package, which never imports it. Start at `snapshots`;
`block_files` says how files become blocks, `block_fetching` how they come back, and
`block_cache` how many stay.
"""
