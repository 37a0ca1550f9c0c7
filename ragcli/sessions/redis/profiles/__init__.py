"""Whole profiles on a server: made, renamed, copied, encrypted and decrypted.

It builds on an open `session`; only `store` imports it. Start reading at `building`.
"""
