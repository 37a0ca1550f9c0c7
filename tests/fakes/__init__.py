"""Servers that stand in for real ones, over real sockets."""
