"""Pages on the web that are documents: asked for, checked and handed on to be read.

`page_addresses` writes each in one way, `page_requests` says what a server is asked,
`connecting` opens connections only to hosts that may be asked, `fetching` follows
redirects within limits of size and time, `pages` makes of what came what is read and
stored. It may import `ingest.preparation`, and the catalogue of `index.segments`. Start
at `pages`.
"""
