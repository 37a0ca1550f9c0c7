"""The program with a real model: what a fake cannot show. See the README."""
