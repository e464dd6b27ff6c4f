#!/usr/bin/env python3
"""How long the language server takes to answer after an edit in a large source,
compared with `clang -fsyntax-only` over the same text.

The source is generated, 5,000 lines of functions as in scaling.py. Each edit writes a
line into the body of a function and is followed by a run of clang, so that what else the machine does hits both alike;
the medians are compared. The pause after typing is not waited for.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import scaling

SHAPES = [("ifs", 12), ("gotos", 12), ("flags", 2)]


def generate(lines):
    """Functions of a driver's size, as many as it takes."""
    text = "#include <ntddk.h>\n"
    copy = 0
    while text.count("\n") < lines:
        shape, size = SHAPES[copy % len(SHAPES)]
        body = "".join(scaling.SHAPES[shape](size, False)).replace("#include <ntddk.h>\n", "")
        for name in ("CONTEXT_BLOCK", "Function", "Step"):
            body = body.replace(name, f"{name}{copy}")
        text += body
        copy += 1
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mdlcheck", required=True)
    parser.add_argument("--clang", default="/usr/lib/llvm-22/bin/clang")
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--edits", type=int, default=7)
    options = parser.parse_args()
    os.environ["MDLCHECK"] = options.mdlcheck
    tests = pathlib.Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(tests / "hosts"), str(tests / "e2e")]
    from lsp_client import Client, edit

    with tempfile.TemporaryDirectory(prefix="mdlcheck latency ") as folder:
        path = pathlib.Path(folder, "driver.c")
        text = generate(options.lines)
        path.write_text(text)
        command = [options.clang, *scaling.FLAGS, "-fsyntax-only", "-w", str(path)]
        client = Client("--", *scaling.FLAGS, cwd=folder)
        client.initialize(initializationOptions={"pause": 0})
        began = time.monotonic()
        uri = client.open(path, text)
        client.diagnostics(uri, 1)
        print(f"lines: {text.count(chr(10))}; first answer: {time.monotonic() - began:.2f} s")
        line = text[:text.index("{\n", len(text) // 2)].count("\n") + 1
        answers, parses = [], []
        for number in range(options.edits):
            began = time.monotonic()
            client.change(uri, edit(line, 0, line, 0, f"/* {number} */\n"))
            client.diagnostics(uri, number + 2)
            answers.append(time.monotonic() - began)
            began = time.monotonic()
            subprocess.run(command, check=True)
            parses.append(time.monotonic() - began)
        client.close()
    answer, parse = statistics.median(answers), statistics.median(parses)
    print(f"after an edit: {answer:.3f} s; clang: {parse:.3f} s; ratio {answer / parse:.2f}")


if __name__ == "__main__":
    main()
