"""The reading scenarios B1, B2, B3 and B6, their targets, and the table that says which are met."""

from __future__ import annotations

import re
import statistics
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.bench import load
from tests.bench.databases import Site

FIRST_MAIL_SECONDS = 6.0

# name: (what it is, target of the ratio or None, most queries, most milliseconds at c=1)
TARGETS: dict[str, tuple[str, float | None, int | None, float | None]] = {
    "B1": ("free slots, one therapist, one day, JSON", 0.20, 3, None),
    "B1 HTML": ("the same as a page", 0.15, 4, None),
    "B2": ("first ten free of all therapists, JSON", 0.12, 4, 4.0),
    "B2 HTML": ("the same as a page", 0.10, 5, None),
    "B3": ("growth of B1 and B2 at 90 % full, of B6 too with a long history (at most)", 1.3, None, None),
    "B4": ("confirming a hold, all in one transaction", 0.05, None, None),
    "B6": ("week of 20 therapists", None, 6, 40.0),
    "B7": ("reminders a second, end to end", 300.0, None, None),
}


def paths(site: Site) -> list[tuple[str, str, bool]]:
    """(name, path, signed in) of everything one round asks."""
    day = site.monday + timedelta(days=1)
    return [
        ("E", "/bench/e", False),
        ("Q", "/bench/q", False),
        ("O", "/bench/o", False),
        ("B1", f"{reverse('practice:slot-json', args=['t3'])}?day={day}", False),
        ("B1 HTML", f"{reverse('practice:slot-list', args=['t3'])}?day={day}", False),
        ("B2", reverse("practice:slot-first-json"), False),
        ("B2 HTML", reverse("practice:slot-first"), False),
        ("B6", f"{reverse('practice:desk-week')}?day={site.monday}", True),
    ]


def summarise(rounds: list[dict[str, load.Sample]]) -> dict[str, dict]:
    """The median over the rounds of each scenario's rate against E of its own round; an error in any answer raises."""
    wrong = {name: sample.errors for each in rounds for name, sample in each.items() if sample.errors}
    if wrong:
        raise SystemExit(f"answers other than 200: {wrong}")
    return {
        name: {
            "ratio": round(statistics.median(each[name].rate / each["E"].rate for each in rounds), 3),
            "rate": round(statistics.median(each[name].rate for each in rounds)),
            "p50_ms": round(statistics.median(each[name].p50 for each in rounds), 2),
        }
        for name in rounds[0]
    }


def single(site: Site, seconds: float) -> dict[str, tuple[float, int]]:
    """Median milliseconds with one client, and queries, of each reading scenario."""
    found = {}
    for name, path, signed_in in paths(site):
        if not name.startswith("B"):
            continue
        sample = load.press(site.url + path, clients=1, seconds=seconds, cookie=site.cookie if signed_in else "")
        found[name] = (sample.p50, queries_of(path, site.cookie if signed_in else ""))
    return found


def queries_of(path: str, cookie: str) -> int:
    """Queries of one request, counted in this process on the same database after a first request has warmed it."""
    client = Client(HTTP_HOST="localhost")
    for name, value in re.findall(r"([^=;\s]+)=([^;]+)", cookie):
        client.cookies[name] = value
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return len(captured)


def growth(base: dict[str, tuple[float, int]], grown: dict[str, dict[str, tuple[float, int]]]) -> dict:
    """The worst ratio of medians over the base, and each part by name.

    A fuller calendar holds more visits, so B6 is compared over a longer history only.
    """
    parts = {
        f"{name}, {what}": round(sample[name][0] / base[name][0], 2)
        for what, sample in grown.items()
        for name in (("B1", "B2", "B6") if "history" in what else ("B1", "B2"))
    }
    return {"ratio": max(parts.values()), "parts": parts}


def table(report: dict[str, dict]) -> None:
    """Print the report; ``met`` or ``not met`` where there is a target."""
    print(f"\n{'':10}{'ratio':>8}{'a second':>10}{'queries':>9}{'p50 ms':>9}  target")
    for name, row in report.items():
        ratio, queries, one = row.get("ratio"), row.get("queries"), row.get("single_ms", row.get("p50_ms"))
        cells = [f"{name:10}"]
        cells += [f"{'' if value is None else value:>{width}}" for value, width in ((ratio, 8), (row.get("rate"), 10))]
        cells += [f"{'' if value is None else value:>9}" for value in (queries, one)]
        print("".join(cells), "", judged(name, row))
        for part, value in row.get("parts", {}).items():
            print(f"{'':12}{part}: {value}")


def judged(name: str, row: dict) -> str:
    if name not in TARGETS:
        return ""
    what, ratio, queries, single_ms = TARGETS[name]
    value = row.get("rate") if name == "B7" else row.get("ratio")
    tests = []
    if ratio is not None:
        tests.append(value <= ratio if name == "B3" else value >= ratio)
    if queries is not None and row.get("queries") is not None:
        tests.append(row["queries"] <= queries)
    if name == "B7":
        tests += [row["lost"] == 0, row["first_mail_s"] <= FIRST_MAIL_SECONDS]
    if single_ms is not None and row.get("single_ms") is not None:
        tests.append(row["single_ms"] <= single_ms)
    limits = [f"{'<=' if name == 'B3' else '>='} {ratio}"] if ratio is not None else []
    limits += [f"first mail <= {FIRST_MAIL_SECONDS:g} s"] if name == "B7" else []
    limits += [f"<= {queries} queries"] if queries is not None else []
    limits += [f"<= {single_ms} ms"] if single_ms is not None else []
    return f"{'met    ' if all(tests) else 'NOT MET'}  {', '.join(limits)}  ({what})"
