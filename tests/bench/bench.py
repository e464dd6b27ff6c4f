#!/usr/bin/env python3
"""How long mdlcheck takes over the files of a compile database, compared with
`clang -fsyntax-only` over the same files with the same flags.

    bench.py -p BUILD_DIR [FILE...]     the files of a database
    bench.py --generate N               N generated driver sources

Both run file by file on one thread, taking turns in the same run, so that
what else the machine does hits both alike; the medians are compared.
"""

import argparse
import json
import os
import pathlib
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import scaling


def generate(folder, count):
    """A database over `count` sources with functions of a driver's size."""
    entries = []
    shapes = [("ifs", 12), ("gotos", 12), ("flags", 2)]
    for number in range(count):
        parts = ["#include <ntddk.h>\n"]
        for copy in range(8):
            shape, size = shapes[(number + copy) % len(shapes)]
            body = "".join(scaling.SHAPES[shape](size, False))
            for name in ("Function(", "Step", "_CONTEXT_BLOCK", "CONTEXT_BLOCK"):
                body = body.replace(" " + name, f" {name[0]}{copy}{name[1:]}")
            parts.append(body.replace("(CONTEXT_BLOCK", f"(C{copy}ONTEXT_BLOCK"))
        path = folder / f"generated{number}.c"
        path.write_text("".join(parts))
        entries.append({"directory": str(folder), "file": str(path),
                        "arguments": ["clang", *scaling.FLAGS, "-c", str(path)]})
    (folder / "compile_commands.json").write_text(json.dumps(entries))


def commands(entries, clang):
    """The entries' commands, to parse and no more."""
    for entry in entries:
        arguments = entry.get("arguments") or shlex.split(entry["command"])
        kept = []
        skip = False
        for argument in arguments[1:]:
            if skip or argument == "-c":
                skip = False
            elif argument == "-o":
                skip = True
            else:
                kept.append(argument)
        driver = ["--driver-mode=cl"] if "cl" in pathlib.Path(
            arguments[0].replace("\\", "/")).stem.split("-") else []
        yield [clang, *driver, "-fsyntax-only", "-w", *kept], entry["directory"]


def measured(work):
    """Wall and CPU seconds of the child processes of `work`."""
    def cpu():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    wall, before = time.monotonic(), cpu()
    work()
    return time.monotonic() - wall, cpu() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mdlcheck", default="mdlcheck")
    parser.add_argument("--clang", default=shutil.which("clang-22") or "clang")
    parser.add_argument("-p", dest="database", type=pathlib.Path, metavar="BUILD_DIR")
    parser.add_argument("--generate", type=int, default=20, metavar="N")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="mdlcheck-bench-") as scratch:
        database = arguments.database
        if database is None:
            database = pathlib.Path(scratch)
            generate(database, arguments.generate)
        entries = json.loads((database / "compile_commands.json").read_text())
        if arguments.files:
            wanted = {os.path.abspath(name) for name in arguments.files}
            entries = [entry for entry in entries if os.path.normpath(
                os.path.join(entry["directory"], entry["file"])) in wanted]
        files = [os.path.normpath(os.path.join(entry["directory"], entry["file"]))
                 for entry in entries]
        syntax = list(commands(entries, arguments.clang))

        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                 "stderr": subprocess.DEVNULL}
        broken = set()

        def run_clang():
            for command, directory in syntax:
                if subprocess.run(command, cwd=directory, **quiet).returncode:
                    broken.add(command[-1])

        def run_mdlcheck():
            done = subprocess.run([arguments.mdlcheck, "-j1", "--no-cache", "--quiet", "-p",
                                   str(database), *files], **quiet)
            if done.returncode not in (0, 1, 2):
                raise SystemExit(f"mdlcheck ended with {done.returncode}")

        times = {"clang": [], "mdlcheck": []}
        for number in range(arguments.runs + 1):
            pair = (measured(run_clang), measured(run_mdlcheck))
            if number:  # the first fills the caches
                times["clang"].append(pair[0])
                times["mdlcheck"].append(pair[1])
    print(f"{len(files)} files, median of {arguments.runs}"
          + (f"; {len(broken)} with errors" if broken else ""))
    for kind, index in (("wall", 0), ("CPU", 1)):
        clang, mdlcheck = (statistics.median(pair[index] for pair in times[name])
                           for name in ("clang", "mdlcheck"))
        print(f"{kind:4}  clang -fsyntax-only {clang:7.2f} s   mdlcheck -j1 "
              f"{mdlcheck:7.2f} s   ratio {mdlcheck / clang:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
