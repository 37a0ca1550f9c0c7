"""The text index: which passages hold a word.

It may import `segments` and `generations`, and Tantivy inside functions. Start at
`text_index` (writing), `text_search` (reading) and `analysis` (from text to words).
"""
