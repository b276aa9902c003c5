"""A whole comparison by whynet in a fresh process: ``python -m benchmarks.peers.whole '{"rates": […], "seeds": 8, "total": 1000}'``.

Everything after the imports is in the seconds: reading the data, building the arms, planning, tracing or compiling, starting workers
where whynet by itself chooses to, training, evaluating, the statistics.
"""

from __future__ import annotations

import json
import sys
import time

from whynet.experiment.compare import compare
from whynet.recipe import recipe


def main() -> None:
    """Compare, and say how long it took and how well the arms do on average."""
    given = json.loads(sys.argv[1])
    more = {"tier": given["tier"]} if "tier" in given else {}
    start = time.perf_counter()
    base = recipe(given["data"], given["model"], steps=given["total"])
    came = compare(base, {"optimizer.lr": given["rates"]}, seeds=given["seeds"], **more)
    came.verdict  # noqa: B018  the statistics are worked out when they are asked for
    seconds = time.perf_counter() - start
    scores = [score for values in came.values.values() for score in values]
    print(json.dumps({"seconds": seconds, "score": sum(scores) / len(scores)}))


if __name__ == "__main__":
    main()
