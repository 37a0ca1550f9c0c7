"""PDF: pages as words with boxes, read as a person reads them.

Start at `document`, which puts the parts together: `page` takes words, rules and
pictures from PDFium; `layout` makes rows, columns of text and paragraphs of words;
`tables` finds tables, ruled and unruled; `running` tells headers and footers;
`bookmarks` and `forms` read what stands beside the pages. PDFium is BSD-licensed,
its bindings (`pypdfium2`) Apache; they are imported where they are called.
"""
