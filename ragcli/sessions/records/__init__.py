"""What a history is made of, and how a record becomes a checked line and back.

Every store writes the same lines. It imports nothing else of `sessions`. Start
reading at `record_types` and `record_lines`.
"""
