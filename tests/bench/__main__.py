"""The benchmark: what a page costs, as a ratio to an empty view in the same run.

``python3 dev.py bench [--json FILE] [--big] [--seconds N]``. Absolute figures belong to the machine; ratios are what
is compared. Every round measures E, Q and each scenario side by side; the median round is reported. ``--big`` adds the
x100 history
(about five million past visits, a quarter of an hour to fill once).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
os.environ["EVENKEEL_DEMO"] = "1"
os.environ["STATIC_MANIFEST"] = "0"  # nothing needs to be collected to measure
os.environ["DATABASE_URL"] = os.environ.get("MIGRATE_DATABASE_URL") or os.environ["DATABASE_URL"]
django.setup()

from tests.bench import databases, load, messages, posting, scenarios  # noqa: E402

ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--big", action="store_true", help="also with a history of x100")
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement")
    options = parser.parse_args()
    report: dict[str, dict] = {}
    with databases.served(taken_percent=50) as half:
        rounds = [measure(half, options.seconds) for _ in range(ROUNDS)]
        report |= scenarios.summarise(rounds)
        report["B4"] = posting.confirm_holds(half, empty=statistics.median(r["E"].rate for r in rounds))
        report["B7"] = messages.reminders(half)
        base = scenarios.single(half, options.seconds)
        for name, (milliseconds, queries) in base.items():
            report[name] |= {"single_ms": round(milliseconds, 2), "queries": queries}
    with databases.served(taken_percent=90) as full:
        report["B3"] = scenarios.growth(base, {"90 % full": scenarios.single(full, options.seconds)})
    if options.big:
        with databases.served(taken_percent=50, history=100) as old:
            grown = scenarios.growth(base, {"history x100": scenarios.single(old, options.seconds)})
            report["B3"]["ratio"] = max(report["B3"]["ratio"], grown["ratio"])
            report["B3"]["parts"] |= grown["parts"]
    scenarios.table(report)
    print(
        f"\n{platform.python_version()}, Django {django.__version__}, {os.cpu_count()} cores, 2 sync gunicorn workers, "
        f"{ROUNDS} rounds of {options.seconds:g} s, load by {'wrk' if load.WRK else 'threads of Python'}"
    )
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def measure(site: databases.Site, seconds: float) -> dict[str, load.Sample]:
    """One round: E, Q, O and every reading scenario, neighbours in time."""
    return {
        name: load.press(site.url + path, clients=8, seconds=seconds, cookie=site.cookie if signed_in else "")
        for name, path, signed_in in scenarios.paths(site)
    }


if __name__ == "__main__":
    sys.exit(main())
