"""Whether one sentence says what another says, as far as words can tell.

`quantities` reads numbers with their measures and dates, `lexicon` has the words of
each language that turn a meaning (negations, quantities of things, opposites),
`statement` takes a sentence apart, `compare` sets two against each other: start there.
Imports only the rest of `language`.
"""
