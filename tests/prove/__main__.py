"""``python -m tests.prove [WHAT ...]``: the long proofs at full size, one after the other, for ``dev.py prove``."""

import sys
from importlib import import_module

from launch.proving import PROOFS


def main(names: list[str]) -> int:
    """Run the proofs named, or all; the exit status says whether all held."""
    failed = []
    for name in names or PROOFS:
        print(f"-- {name} --", flush=True)
        if import_module(f"tests.prove.{name}").main(say) != 0:
            failed.append(name)
    say(f"did not hold: {', '.join(failed)}" if failed else f"held: {', '.join(names or PROOFS)}")
    return 1 if failed else 0


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
