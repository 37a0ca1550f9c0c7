"""Commands that let coding agents use a profile's documents.

`mcp` serves them to an agent, `skill` teaches an agent this command line. What they
serve and write is in `ragcli.agents`. Start at `mcp`.
"""
