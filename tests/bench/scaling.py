#!/usr/bin/env python3
"""How the time grows with the size of a function, and that the findings stay
exact while it does.

Three shapes of function around locked pages, each without a mistake and with
one planted:

  ifs    one MDL, and n tests that have nothing to do with it
  flags  n MDLs, each locked under a condition of its own and unlocked when a
         flag says that it was
  gotos  n calls that may fail, each with a goto into the cleanup code

`scaling.py` prints the curve. `scaling.py --check` looks at the findings only;
that is what ctest runs, as times depend on the machine.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

FLAGS = ["--target=x86_64-w64-windows-gnu", "-fms-extensions",
         "-isystem", "/usr/share/mingw-w64/include",
         "-isystem", "/usr/share/mingw-w64/include/ddk",
         "-D_WIN64", "-D_AMD64_", "-D_KERNEL_MODE"]
SIZES = {"ifs": [10, 20, 40, 80], "flags": [10, 20, 40, 80],
         "gotos": [50, 100, 200]}
# Beyond these a mistake may be missed when the coverage admits lost precision.
# False alarms are never right.
EXACT_UP_TO = {"flags": 20}
CHECKED = {"ifs": [10, 40], "flags": [10, 40], "gotos": [50, 200]}


def ifs(n, bad):
    """The mistake: one of the tests leaves the function, pages locked."""
    middle = n // 2 if bad else -1
    yield """\
#include <ntddk.h>

typedef struct _CONTEXT_BLOCK {
    ULONG Option[256];
    ULONG Count[256];
} CONTEXT_BLOCK;

NTSTATUS Function(CONTEXT_BLOCK *Context, PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
"""
    for i in range(n):
        yield f"    if (Context->Option[{i}] > {i % 7})\n"
        if i == middle:
            yield "        return STATUS_UNSUCCESSFUL; // expect: mdl-lock-leak\n"
        else:
            yield f"        Context->Count[{i}] += Length;\n"
    yield """\
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
"""


def flags(n, bad):
    """The mistake: one of the unlocks does not ask its flag."""
    middle = n // 2 if bad else -1
    yield """\
#include <ntddk.h>

NTSTATUS Function(PMDL *Mdls, ULONG *Wanted)
{
    NTSTATUS status = STATUS_SUCCESS;
"""
    for i in range(n):
        yield f"    PMDL mdl{i} = NULL;\n    BOOLEAN locked{i} = FALSE;\n"
    for i in range(n):
        yield f"""\
    if (Wanted[{i}] != 0) {{
        mdl{i} = IoAllocateMdl(&Wanted[{i}], Wanted[{i}], FALSE, FALSE, NULL);
        if (mdl{i} == NULL) {{
            status = STATUS_INSUFFICIENT_RESOURCES;
            goto Cleanup;
        }}
        __try {{
            MmProbeAndLockPages(mdl{i}, UserMode, IoReadAccess);
            locked{i} = TRUE;
        }} __except (EXCEPTION_EXECUTE_HANDLER) {{
            status = GetExceptionCode();
            goto Cleanup;
        }}
    }}
"""
    yield "Cleanup:\n"
    for i in range(n):
        if i == middle:
            yield (f"    if (mdl{i} != NULL)\n"
                   f"        MmUnlockPages(mdl{i}); // expect: mdl-unlock-not-locked\n")
        else:
            yield f"    if (locked{i})\n        MmUnlockPages(mdl{i});\n"
        yield f"    if (mdl{i} != NULL)\n        IoFreeMdl(mdl{i});\n"
    yield "    return status;\n}\n"


def gotos(n, bad):
    """The mistake: one of the gotos takes the label after the unlock."""
    middle = n // 2 if bad else -1
    yield "#include <ntddk.h>\n\n"
    for i in range(n):
        yield f"NTSTATUS Step{i}(PVOID Address);\n"
    yield """
NTSTATUS Function(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PVOID address;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto Free;
    }
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (address == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Unlock;
    }
"""
    for i in range(n):
        label = "Free" if i == middle else "Unlock"
        yield f"""\
    status = Step{i}(address);
    if (!NT_SUCCESS(status))
        goto {label};
"""
    mark = " // expect: mdl-free-locked" if bad else ""
    yield f"""\
Unlock:
    MmUnlockPages(mdl);
Free:
    IoFreeMdl(mdl);{mark}
    return status;
}}
"""


SHAPES = {"ifs": ifs, "flags": flags, "gotos": gotos}


def expected(text):
    """Line and rule of the planted mistakes."""
    return [(number, match.group(1))
            for number, line in enumerate(text.splitlines(), 1)
            for match in [re.search(r"// expect: (\S+)", line)] if match]


def run(mdlcheck, path, limit):
    """Findings, what lost precision, and the seconds of analysis of one run."""
    done = subprocess.run(
        [mdlcheck, "-j1", "--no-cache", "--format=json", "--stats", str(path), "--", *FLAGS],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=limit)
    if done.returncode not in (0, 1):
        raise SystemExit(f"mdlcheck ended with {done.returncode}\n{done.stderr}")
    log = json.loads(done.stdout)
    findings = [(f["line"], f["rule"]) for f in log["findings"]]
    limited = [f["reason"] for f in log["coverage"]["lessPrecise"]]
    analysing = float(re.search(r"([\d.]+) s analysing", done.stderr).group(1))
    return findings, limited, analysing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mdlcheck", default="mdlcheck")
    parser.add_argument("--check", action="store_true",
                        help="look at the findings at a few sizes, not at times")
    parser.add_argument("--shape", choices=sorted(SHAPES), action="append")
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--runs", type=int, default=3, help="the median of so many")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one run")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER",
                        help="leave the generated files there")
    arguments = parser.parse_args()

    problems = 0
    with tempfile.TemporaryDirectory(prefix="mdlcheck-scaling-") as scratch:
        folder = arguments.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        print("shape   size  planted  analysing  findings")
        for shape in arguments.shape or SHAPES:
            sizes = arguments.sizes or (CHECKED if arguments.check else SIZES)[shape]
            for n in sizes:
                for bad in (False, True):
                    text = "".join(SHAPES[shape](n, bad))
                    path = folder / f"{shape}-{n}-{'bad' if bad else 'good'}.c"
                    path.write_text(text)
                    head = f"{shape:6} {n:5}  {'yes' if bad else 'no ':7}"
                    try:
                        results = [run(arguments.mdlcheck, path, arguments.limit) for _ in
                                   range(1 if arguments.check else arguments.runs)]
                    except subprocess.TimeoutExpired:
                        print(f"{head}  more than {arguments.limit:g} s", flush=True)
                        problems += 1
                        continue
                    findings, limited, _ = results[0]
                    time = statistics.median(seconds for _, _, seconds in results)
                    verdict = "as planted" if bad else "none"
                    if not findings and limited and n > EXACT_UP_TO.get(shape, n):
                        verdict = "missed" if bad else "none"
                    elif findings != expected(text):
                        problems += 1
                        verdict = f"WRONG: {findings} and not {expected(text)}"
                    if limited:
                        verdict += f"; less precise: {'; '.join(limited)}"
                    print(f"{head}  {time:7.2f} s  {verdict}", flush=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
