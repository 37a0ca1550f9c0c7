"""From a question to ranked passages, over one open generation.

Reads what `generations`, `segments` and `fulltext` keep, and writes nothing. Start
reading at `retriever`; `opening` and `index_reader` give it an index; its steps are
`combined_reader`, `fusion` and `ranking`.
"""
