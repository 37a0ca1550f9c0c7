"""Keys and ciphers of an encrypted profile: passphrase → key slot → data key → lines.

It imports `records` and what a profile's directory holds (`profile_file`,
`profile_layout`); no store. Start reading at `key_ring` and `sealing`; `passphrase` and
`desktop_keyring` are where secrets come from.
"""
