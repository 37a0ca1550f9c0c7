"""What cells and lines are to each other: headers, rows, regions, labelled values.

Loaders of spreadsheets, word processors, web pages and PDF files share it: they bring
cells or lines, it makes tables and fields. It imports nothing else of `loaders`. Start
at `grids`.
"""
