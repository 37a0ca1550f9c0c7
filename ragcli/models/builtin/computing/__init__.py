"""Answers that no single unit gives: computed over a whole table, list or document.

`question_wording` says what a question asks to be computed and which words narrow it
down; `cell_values` reads cells as numbers and dates; `tables` selects and computes over
all rows of a table; `lists` finds the whole list; `summaries` gives a document's
headings and leading sentences. `drawing` is where to start: it tries what the question
asks for.
"""
