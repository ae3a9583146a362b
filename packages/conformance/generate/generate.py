"""Writes ../fixtures/<lossName>.json from the entries in cases/."""

import argparse
import sys
from pathlib import Path

import audit
from cases import LOSSES
from encode import differences, document, line
from evaluate import evaluate
from recipe import expand

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def generate(loss):
    """The text of the loss's fixture file, and how many cases it holds."""
    lines = []
    for case in expand(loss):
        try:
            result = None if case.error else evaluate(loss, case)
        except Exception as failure:
            raise RuntimeError(f"{case.id}: the reference failed") from failure
        lines.append(line(loss, case, result))
    return document(lines), len(lines)


def check(loss, text):
    """What is wrong with the committed file, as lines of text."""
    path = FIXTURES / f"{loss.name}.json"
    if not path.exists():
        return [f"{path.name}: missing"]
    committed = path.read_text(encoding="utf-8")
    if committed == text:
        return []
    return [f"{path.name}: {case_id} differs" for case_id in differences(committed, text)]


def strays(losses):
    known = {f"{loss.name}.json" for loss in losses}
    found = sorted(path.name for path in FIXTURES.glob("*.json"))
    return [f"{name}: no entry generates it" for name in found if name not in known]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing; exit 1 on a difference")
    parser.add_argument("--only", metavar="LOSS", help="one loss, by name")
    parser.add_argument("--float32", action="store_true", help="list cases that float32 arithmetic cannot reproduce")
    arguments = parser.parse_args()

    chosen = [loss for loss in LOSSES if arguments.only in (None, loss.name)]
    if not chosen:
        parser.error(f"no loss named {arguments.only}")

    problems = []
    for loss in chosen:
        if arguments.float32:
            problems += audit.unstable(loss)
            continue
        text, count = generate(loss)
        print(f"{loss.name}: {count} cases, {len(text) / 1024:.0f} KiB", flush=True)
        if arguments.check:
            problems += check(loss, text)
        else:
            FIXTURES.mkdir(exist_ok=True)
            (FIXTURES / f"{loss.name}.json").write_text(text, encoding="utf-8")
    if arguments.only is None and not arguments.float32:
        problems += strays(LOSSES)

    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
