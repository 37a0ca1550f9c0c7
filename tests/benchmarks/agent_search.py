"""What an agent waits for a search: `agent_search PROFILE RUNS`, by the SDK's client.

Prints the median and the 95th percentile in seconds, once the server is warm.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time

from tests.benchmarks import corpus

WARM = 10
"""Searches that are not counted."""


async def waited(profile: str, runs: int) -> list[float]:
    """Returns how long each search took, in seconds."""
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    server = stdio_client(
        StdioServerParameters(
            command=sys.executable,
            args=["-m", "ragcli", "mcp", profile],
            env=dict(os.environ),
        )
    )
    taken = []
    async with Client(server) as client:
        for number, query in enumerate(corpus.questions(WARM + runs)):
            begun = time.perf_counter()
            result = await client.call_tool("search", {"query": query})
            if number >= WARM:
                taken.append(time.perf_counter() - begun)
            if result.is_error:
                raise SystemExit(str(result.content))
    return taken


if __name__ == "__main__":
    measured = asyncio.run(waited(sys.argv[1], int(sys.argv[2])))
    print(statistics.median(measured), statistics.quantiles(measured, n=20)[-1])
