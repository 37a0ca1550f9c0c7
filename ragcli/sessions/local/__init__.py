"""The store on a local disk: one private directory a profile.

It may import all of `sessions` but other stores and `bundles`. Start reading at
`store`, then `session` and `log`; `verification` checks what is there.
"""
