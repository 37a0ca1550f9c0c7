"""The commands of `ragcli profile`, grouped by what they do to one.

`profile` has the table of them all and makes, lists and removes; the others move,
encrypt, configure and look after profiles. They import like every command. Start at
`profile`.
"""
