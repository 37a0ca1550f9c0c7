"""Parts of the chat that act on documents and on the sources of an answer.

`adding` takes documents in, `source_actions` opens and copies a source with its
`passage_context`. Start at `source_actions`.
"""
