"""What the tests of the hosts share."""

import os
import pathlib
import re
import subprocess

from harness import Run

LLVM_BIN = pathlib.Path(os.environ.get("LLVM_BIN", "/usr/lib/llvm-22/bin"))
CLANG = LLVM_BIN / "clang"
CLANG_TIDY = LLVM_BIN / "clang-tidy"
PLUGIN = os.environ.get("MDLCHECK_CLANG", "")
TIDY_MODULE = os.environ.get("MDLCHECK_TIDY", "")

# The function with the mistake is one of several a pragma or comment is put at.
UNLOCK_TWICE = """\
#include <ntddk.h>

VOID %(name)s(PMDL mdl)
{
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
    MmUnlockPages(mdl);
    MmUnlockPages(mdl); %(comment)s
}
"""


def run(*command, cwd, env=None, **kwargs):
    environment = dict(os.environ, LC_ALL="C")
    environment.update(env or {})
    return Run(subprocess.run([str(part) for part in command], cwd=cwd,
                              env=environment, stdin=kwargs.pop("stdin", subprocess.DEVNULL),
                              capture_output=True, timeout=kwargs.pop("timeout", 300), **kwargs))


def diagnostics(text, level="warning|error"):
    """(file name, line, level, rule) of each message that names a rule."""
    found = []
    for match in re.finditer(rf"^(.+?):(\d+):\d+: ({level}): .*?\[([a-z0-9-]+-[a-z0-9-]+)"
                             r"(?:,[^\]]*)?\](?: +\[-W[^\]]*\])?$", text, re.M):
        file, line, kind, rule = match.groups()
        found.append((pathlib.Path(file).name, int(line), kind, rule))
    return found


def shared_libraries(path):
    """The names a library or program asks the loader for."""
    dynamic = subprocess.run(["readelf", "-d", str(path)], capture_output=True, text=True,
                             check=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))


def defined_symbols(path):
    """Demangled names of what is defined in a library, hidden or not."""
    listed = subprocess.run([str(LLVM_BIN / "llvm-nm"), "-C", "--defined-only", str(path)],
                            capture_output=True, text=True, check=True).stdout
    return [line.split(" ", 2)[2] for line in listed.splitlines() if line.count(" ") >= 2]
