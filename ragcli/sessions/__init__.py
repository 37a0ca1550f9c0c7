"""Profiles and their histories: never lost, never mixed, never read by others."""
