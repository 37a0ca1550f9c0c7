"""From a path to pieces of text: which files count, what they hold, where to cut.

`discover` and `ignore` choose the files, `loaders` read a format each, `splitter`
cuts. Nothing here knows of an index; it may import `ragcli.index.passages` and
`ragcli.language`. Start reading at `formats` and `loaders.dispatch.load`.
"""
