"""Commands about this installation: its settings, its models, its health.

They work without a profile. Start reading at `config`.
"""
