"""Parts of the chat that show conversations, and act on them and on their turns.

`conversation_view` loads one and follows what others append, `conversation_actions`
renames, deletes and branches, `turn_actions` act on one turn, `find_in_chat` searches.
Start at `conversation_view`.
"""
