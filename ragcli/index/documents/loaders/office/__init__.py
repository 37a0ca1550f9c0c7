"""Office documents: spreadsheets, Word, PowerPoint, OpenDocument.

`packages` opens a ZIP archive of XML, within limits; `word`, `slides`, `spreadsheets`
and `opendocument` are loaders over it. What is drawn is in `drawings`. Tables whose
header nobody names go through `loaders.layout`. Start at `packages`, then `word`.
"""
