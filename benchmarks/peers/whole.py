"""A whole comparison by whynet in a fresh process: ``python -m benchmarks.peers.whole '{"rates": […], "seeds": 8, "total": 1000}'``.

Everything after the imports is in the seconds: reading the data, building the arms, tracing, training, evaluating, the statistics.
"""

from __future__ import annotations

import inspect
import json
import sys
import time

from whynet.experiment.compare import compare
from whynet.recipe import recipe


def main() -> None:
    """Compare, and say how long it took and how well the arms do on average."""
    given = json.loads(sys.argv[1])
    more = {"workers": given["workers"]} if "workers" in inspect.signature(compare).parameters else {}
    start = time.perf_counter()
    base = recipe(given["data"], given["model"], steps=given["total"])
    came = compare(base, {"optimizer.lr": given["rates"]}, seeds=given["seeds"], **more)
    came.verdict  # noqa: B018  the statistics are worked out when they are asked for
    seconds = time.perf_counter() - start
    scores = [score for values in came.values.values() for score in values]
    print(json.dumps({"seconds": seconds, "score": sum(scores) / len(scores), "workers": more.get("workers", 1)}))


if __name__ == "__main__":
    main()
