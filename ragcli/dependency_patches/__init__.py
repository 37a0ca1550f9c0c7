"""Whatever changes a library, or relies on what a library does not promise.

One module a library. Its docstring says what is changed, the gain as measured, what
was read of the library and which test fails when that changes. What gains nothing has
no place here; nothing of the kind stands elsewhere (`tests/architecture` holds it). It
imports nothing of ragcli, and anybody above may use it. Start reading at `langchain`,
the largest.
"""
