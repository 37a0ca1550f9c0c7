"""Generations that a store keeps as blocks, and their copies on this disk.

It may import its parent package, which never imports it. Start reading at
`snapshots`; `block_files` says how files become blocks.
"""
