#!/usr/bin/env python3
"""Large driver functions, composed from blocks, clean and with one mistake each.

    large.py --mdlcheck build/bin/mdlcheck read scrub

Nothing may be reported in a clean one. In the others, what is reported must be
right (compose.py says how a block states that), and something must be, unless
the mistake is in misses.txt; a mistake that is listed there and found has to be
taken off the list. So the list is what is known to be missed, no more.

A few mistakes of each driver are planted, chosen by its seed; `--mistakes 1000`
plants all there are.
"""

import argparse
import concurrent.futures
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import compose
from drivers import DRIVERS

FLAGS = ["--target=x86_64-w64-windows-gnu", "-fms-extensions",
         "-isystem", "/usr/share/mingw-w64/include",
         "-isystem", "/usr/share/mingw-w64/include/ddk",
         "-D_WIN64", "-D_AMD64_", "-D_KERNEL_MODE"]
MISSES = compose.FOLDER / "misses.txt"
MISTAKES = 12
# So many files to a run.
SHARE = 7


def known_misses(name):
    """What misses.txt says is missed in a driver."""
    known = set()
    for text in MISSES.read_text(encoding="utf-8").splitlines():
        words = text.partition("#")[0].split()
        if words and words[0] == name:
            known.add(words[1])
    return known


def run(mdlcheck, paths):
    """Findings, pairs of line and rule, by file name."""
    done = subprocess.run(
        [mdlcheck, "-j1", "--no-cache", "--format=json", *map(str, paths), "--", *FLAGS],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    if done.returncode not in (0, 1):
        raise SystemExit(f"mdlcheck ended with {done.returncode}\n{done.stderr}")
    log = json.loads(done.stdout)
    if log["coverage"]["notAnalysed"]:
        raise SystemExit(f"not analysed: {log['coverage']['notAnalysed']}")
    found = {path.name: set() for path in paths}
    for finding in log["findings"]:
        found[pathlib.Path(finding["file"]).name].add((finding["line"], finding["rule"]))
    return found


def describe(findings, text):
    """The findings, each with its line of the text."""
    lines = text.splitlines()
    return "".join(f"\n    {number}: {rule}: {lines[number - 1].strip()}"
                   for number, rule in sorted(findings))


def check(driver, mdlcheck, folder, jobs, mistakes):
    """Problems in one driver, how many mistakes were planted, and which missed."""
    lines = compose.Composer(driver).lines()
    possible = compose.plants(driver, lines)
    planted = random.Random(driver.seed).sample(possible, min(mistakes, len(possible)))
    cases = {}
    for plant in [None, *planted]:
        text, right = compose.write(lines, plant)
        path = folder / f"{driver.name}-{plant or 'clean'}.c"
        path.write_text(text)
        cases[path] = plant, text, right
    paths = list(cases)
    found = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for part in pool.map(lambda share: run(mdlcheck, share),
                             [paths[i:i + SHARE] for i in range(0, len(paths), SHARE)]):
            found.update(part)

    known = known_misses(driver.name)
    problems = [f"{driver.name} {plant}: there is no such mistake"
                for plant in sorted(known - set(possible))]
    missed = set()
    for path, (plant, text, right) in cases.items():
        wrong = found[path.name] - right
        hit = bool(found[path.name] & right)
        if plant and not hit:
            missed.add(plant)
        if plant in known and hit:
            problems.append(f"{driver.name} {plant}: found, take it off misses.txt")
        elif plant and plant not in known and not hit:
            problems.append(f"{driver.name} {plant}: missed")
        if wrong and plant not in known:
            problems.append(f"{driver.name} {plant or 'clean'}: not right:"
                            + describe(wrong, text))
    return problems, len(cases) - 1, missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mdlcheck", default="mdlcheck")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--mistakes", type=int, default=MISTAKES,
                        help="plant so many in each driver")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER",
                        help="leave the generated files there")
    parser.add_argument("driver", nargs="*", choices=[[], *DRIVERS], default=[])
    arguments = parser.parse_args()

    failed = False
    with tempfile.TemporaryDirectory(prefix="mdlcheck-large-") as scratch:
        folder = arguments.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.driver or DRIVERS:
            problems, count, missed = check(DRIVERS[name], arguments.mdlcheck, folder,
                                            arguments.jobs, arguments.mistakes)
            for problem in problems:
                print(problem)
            print(f"{name}: {count} mistakes planted, {len(missed)} missed, "
                  f"{len(problems)} problems", flush=True)
            failed = failed or bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
