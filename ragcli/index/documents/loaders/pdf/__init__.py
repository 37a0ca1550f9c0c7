"""PDF: pages as words with boxes, read as a person reads them.

Start at `document`, which puts the parts together: `page` takes words, rules and
pictures from PDFium, `plain_lines` most lines at once; `page_layout` makes rows,
columns of text and paragraphs of words; `page_tables` finds tables, ruled and unruled;
`running` tells headers and footers; `page_contents` says what is on a page, `shares`
has several processes read the pages of one document; `bookmarks` and `forms` read what
stands beside the pages, `scans` and `recognition` what stands in pictures. PDFium is
BSD-licensed, its bindings (`pypdfium2`) Apache; both are imported where they are
called.
"""
