"""Office documents: Word, PowerPoint, OpenDocument, and `workbooks`.

`packages` opens a ZIP archive of XML, within limits; `word`, `slides` and
`opendocument` are loaders over it. What is drawn is in `drawings`. Tables whose header
nobody names go through `loaders.layout`. `compound_files` opens what older formats are
packed in, `number_formats` tells how numbers are shown; `embedded` adds objects. Start
at `packages`, then `word`.
"""
