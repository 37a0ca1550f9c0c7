"""Office documents: spreadsheets, Word, PowerPoint, OpenDocument.

`packages` opens a ZIP archive of XML, within limits; `word`, `slides`, `spreadsheets`
and `opendocument` are loaders over it. What is drawn is in `drawings`. Tables whose
header nobody names go through `loaders.layout`. `compound_files` opens what older
formats are packed in; `xls_cells`, `xlsb_cells` and `xlsx_cells` tell how the cells of
a sheet are shown, by `number_formats`; `embedded` adds objects. Start at `packages`,
then `word`.
"""
