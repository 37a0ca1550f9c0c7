"""What happens when the chat ends, however it ends: nothing that was said is lost.

It knows the answer in progress and the history, and no widget. Start reading at
`keeping`; `terminal_hangup` notices that the terminal is gone.
"""
