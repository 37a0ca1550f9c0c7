"""A profile's contents on their way: cloned, copied, packed, encrypted, decrypted.

Written once over what every store can do (`protocols.Session`, `protocols.NewProfile`);
it knows no store. Start reading at `contents`, then `conversion`.
"""
