"""The chat screen: what it shows, and what each key and command does.

It may import everything else in `tui` but `app` and `palette`. Start reading at
`base` (parts and state) and `screen` (keys and commands).
"""
