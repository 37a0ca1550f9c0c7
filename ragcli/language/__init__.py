"""What is known of languages and texts, whatever they are about.

`vocabulary` has the words, stop words and stems that index and answers must see alike;
`sentences`, `units`, `markdown` and `markers` find the parts of a text, `latex_words`
reads those of LaTeX; `comparison` tells whether a statement says what a source says. It
imports the errors alone. Start reading at `vocabulary.words` and `units`.
"""
