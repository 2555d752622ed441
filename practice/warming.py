"""What the first reader after a start would wait for, done before anybody asks."""

from __future__ import annotations

import gc
from pathlib import Path

from django.template import engines
from django.template.loader import get_template
from django.urls import reverse


def warm_up() -> None:
    """Compile every template and the table of addresses, and take what never dies out of the collector's rounds.

    A server that loads the code once and forks does it once for all its workers, and they share the memory.
    """
    for folder in engines["django"].dirs:
        for path in sorted(Path(folder).rglob("*.html")):
            get_template(path.relative_to(folder).as_posix())
    reverse("practice:home")
    gc.collect()
    gc.freeze()
