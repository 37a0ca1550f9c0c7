"""The disk: private directories, durable files and locks. Knows no format.

`files` has the descriptors that everything is written through; `locking`, `temporary`
and `limits` are apart. It may import `text` and `errors` alone. Start at `files`.
"""
