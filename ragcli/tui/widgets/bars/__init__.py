"""Bars of one or a few lines: state, keys, progress, words to find.

They may import `keyboard`, and no other widgets. Start reading at `status`.
"""
