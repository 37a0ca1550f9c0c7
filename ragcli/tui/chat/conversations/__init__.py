"""Parts of the chat that show conversations, and act on them and on their turns.

`conversation_view` loads one and follows what others append, `conversation_actions`
renames, deletes and branches, `turn_actions` act on one turn, `version_actions` go
through the versions of an answer, `find_in_chat` searches.
Start at `conversation_view`.
"""
