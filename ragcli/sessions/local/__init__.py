"""The store on a local disk: one private directory a profile.

`history` is the log of one profile, `lifecycle` makes, replaces and removes its
directory, `verification` and `permissions` check what is there. It may import all of
`sessions` but other stores and `bundles`. Start reading at `store`, then `session`.
"""
