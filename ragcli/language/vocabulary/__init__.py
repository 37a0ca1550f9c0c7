"""Words, stop words and stems, and which language a text is in.

Index, queries and answers must see the same words, so there is one tokeniser. These
modules import `language.patterns` and each other, nothing else of `language`. Start
reading at `words`.
"""
