#!/usr/bin/env python3
"""Runs mdlcheck over a corpus folder and compares with what its comments say.

    run_corpus.py --mdlcheck build/bin/mdlcheck test-corpus/mdl-leak

Comments on the line of a finding, `//` or `/* */`:

    expect: rule[, rule]       must be reported here (twice when named twice)
    ok: rule[, rule]           must not be reported here; says why the code is good
    todo-expect: rule          a known miss
    todo-ok: rule              a known false alarm: reported, and should not be

`expect@+1:` and `expect@-2:` mean a line further down or up. `expect[program]:`
holds only where all files are analysed together, `expect[unit]:` only where each
is analysed on its own. What is not annotated must not be reported. A todo that starts to pass fails the run until
it is promoted. Every function is to be named bad_..., good_... or helper_...;
see check_functions.

Each folder that holds sources is one run of mdlcheck over all of them; those of
drivers/ and program/ are one more, as the whole program that they are.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

FLAGS = ["--target=x86_64-w64-windows-gnu", "-fms-extensions",
         "-isystem", "/usr/share/mingw-w64/include",
         "-isystem", "/usr/share/mingw-w64/include/ddk",
         "-D_WIN64", "-D_AMD64_", "-D_KERNEL_MODE"]
SOURCES = {".c", ".cpp"}
HEADERS = {".h", ".hpp"}
KINDS = ("todo-expect", "todo-ok", "expect", "ok")
# Fewer cases than this say little about a rule.
MIN_FUNCTIONS = 12

# Folders whose files are analysed together, too.
PROGRAMS = {"drivers", "program"}

Annotation = collections.namedtuple("Annotation", "kind file line rule mode")


class Source:
    """A source file: its comments, and its text with comments blanked out."""

    def __init__(self, text):
        self.comments = []  # (line of the first character, text)
        code = []
        line = 1
        pos = 0
        token = re.compile(
            r'//(?:\\\r?\n|[^\n])*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'
            r"'(?:\\.|[^'\\\n])*'|.", re.S)
        while pos < len(text):
            part = token.match(text, pos).group()
            pos += len(part)
            if part.startswith(("//", "/*")):
                body = part[2:-2] if part.startswith("/*") else part[2:]
                self.comments.append((line, body))
                code.append("\n" * part.count("\n") or " ")
            elif part[0] in "\"'" and len(part) > 1:
                code.append('""')
            else:
                code.append(part)
            line += part.count("\n")
        self.code = "".join(code)


def parse_annotations(file, source, known_rules, problems):
    """The annotations in the comments of `source`; mistakes go to `problems`."""
    annotations = []
    head = re.compile(r"\s*\*?\s*(%s)(?:\[(unit|program)\])?(?:@([+-]\d+))?\s*:(.*)"
                      % "|".join(KINDS))
    for first, comment in source.comments:
        for offset, text in enumerate(comment.split("\n")):
            for part in text.split(";"):
                match = head.match(part)
                if not match:
                    if re.match(r"\s*(todo-?)?(expect|ok)\w*\s*[\[@:]", part, re.I):
                        problems.append(f"{file}:{first + offset}: not an annotation: "
                                        f"'{part.strip()}'")
                    continue
                kind, mode, shift, rest = match.groups()
                line = first + offset + int(shift or 0)
                # Words may follow the list: "ok: mdl-leak (freed by the IRP)".
                ids = re.match(r"\s*([a-z0-9]+(?:-[a-z0-9]+)+"
                               r"(?:\s*,\s*[a-z0-9]+(?:-[a-z0-9]+)+)*)(?![\w-])", rest)
                if not ids:
                    problems.append(f"{file}:{first + offset}: '{kind}:' names no rule")
                    continue
                for rule in re.split(r"\s*,\s*", ids.group(1)):
                    if rule not in known_rules:
                        problems.append(f"{file}:{first + offset}: no such rule: {rule}")
                    annotations.append(Annotation(kind, file, line, rule, mode))
    return annotations


def find_functions(source):
    """(name, first line, last line) of each function defined in `source`.

    Good enough for code that compiles: a brace opened outside of everything
    but namespaces and extern "C" belongs to a function when a parameter list
    stands before it. Methods are left to their class.
    """
    functions = []
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*",
                  lambda m: "\n" * m.group().count("\n"), source.code, flags=re.M)
    depth = 0
    transparent = []  # depths at which a namespace was opened
    start = 0         # where the current declaration starts
    current = None
    line = 1
    for pos, c in enumerate(code):
        if c == "\n":
            line += 1
        elif c == ";" and depth == len(transparent):
            start = pos + 1
        elif c == "{":
            if depth == len(transparent):
                head = code[start:pos]
                if re.search(r'(\bnamespace\b[^()]*|\bextern\s*"")\s*$', head):
                    transparent.append(depth)
                    start = pos + 1
                else:
                    name = function_name(head)
                    if name:
                        lead = len(head) - len(head.lstrip())
                        current = (name, code.count("\n", 0, start + lead) + 1)
            depth += 1
        elif c == "}":
            depth -= 1
            if transparent and transparent[-1] == depth:
                transparent.pop()
                start = pos + 1
            elif depth == len(transparent):
                if current:
                    functions.append((current[0], current[1], line))
                    current = None
                    start = pos + 1
                # A structure's braces are followed by its declarators.
                elif not re.search(r"\b(struct|union|enum|class)\b|=", code[start:pos]):
                    start = pos + 1
    return functions


def function_name(head):
    """The name a definition with this text before its brace gives, or None."""
    if re.search(r"=\s*$", head):
        return None
    # SAL and attributes look like calls: _When_(...), __declspec(...), PAGED(...).
    while True:
        stripped = re.sub(r"\b(_\w+_|__drv_\w+|__declspec|__attribute__|alignas|__pragma)\s*"
                          r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", " ", head)
        if stripped == head:
            break
        head = stripped
    match = re.search(r"([\w:~]+)\s*\(", head)
    if not match or re.search(r"\b(struct|union|enum|class)\s+\w+\s*(:[^:]|$)", head):
        return None
    return match.group(1)


def check_functions(folder, files, annotations, problems):
    """In rule folders, sal/ and seh/: names, at least one expectation in each bad
    function or a helper it calls, none in a good one, and enough of them."""
    count = 0
    for file, source in files.items():
        functions = find_functions(source)
        lines = source.code.split("\n")

        def expects(first, last):
            return any(a.file == file and first <= a.line <= last
                       and a.kind in ("expect", "todo-expect") for a in annotations)

        # A mistake that takes a caller and its helper is reported in the helper.
        bad_helpers = [name for name, first, last in functions
                       if name.startswith("helper_") and expects(first, last)]
        for name, first, last in functions:
            where = f"{file}:{first}: {name}"
            if name.startswith("bad_"):
                count += 1
                body = "\n".join(lines[first - 1:last])
                if not expects(first, last) and not any(
                        re.search(rf"\b{helper}\b", body) for helper in bad_helpers):
                    problems.append(f"{where}: a bad function without an expectation")
            elif name.startswith("good_"):
                count += 1
                if expects(first, last):
                    problems.append(f"{where}: a good function with an expectation")
            elif "::" not in name and not name.startswith(("helper_", "operator")):
                problems.append(f"{where}: not named bad_..., good_... or helper_...")
    if count < MIN_FUNCTIONS:
        problems.append(f"{folder}: {count} bad and good functions, "
                        f"there are to be at least {MIN_FUNCTIONS}")


def compare(annotations, findings):
    """Problems, as text, and how many todos there are. `findings` are
    (file, line, rule, message)."""
    problems = []
    found = collections.Counter((f, l, r) for f, l, r, _ in findings)
    messages = {(f, l, r): m for f, l, r, m in findings}
    wanted = {kind: collections.Counter() for kind in KINDS}
    for a in annotations:
        wanted[a.kind][a.file, a.line, a.rule] += 1
    for key in sorted(set(found) | set().union(*wanted.values())):
        file, line, rule = key
        where = f"{file}:{line}"
        count = found[key]
        expect, todo = wanted["expect"][key], wanted["todo-expect"][key]
        alarm, ok = wanted["todo-ok"][key], wanted["ok"][key]
        if count < expect + alarm:
            if count < expect:
                problems.append(f"{where}: missing: {rule}")
            else:
                problems.append(f"{where}: no longer reported: {rule}; "
                                f"make its 'todo-ok' an 'ok'")
        elif count > expect + alarm:
            if todo and count <= expect + alarm + todo:
                problems.append(f"{where}: now reported: {rule}; "
                                f"make its 'todo-expect' an 'expect'")
            else:
                why = "false alarm" if ok else "unexpected"
                problems.append(f"{where}: {why}: {rule}: {messages[key]}")
    todos = sum(wanted["todo-expect"].values()) + sum(wanted["todo-ok"].values())
    return problems, todos


def run_mdlcheck(mdlcheck, directory, sources, mode):
    """The JSON log of one run over `sources`, in `mode`: unit or program."""
    done = subprocess.run(
        [mdlcheck, "--format=json", "--rules=*", "-j1", "--no-cache",
         "--whole-program" if mode == "program" else "--unit-only", *map(str, sources), "--",
         *FLAGS, f"-I{directory}"],
        cwd=directory, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env=dict(os.environ, MDLCHECK_VERIFY="1"))
    if done.returncode not in (0, 1, 2) or not done.stdout:
        raise SystemExit(f"mdlcheck ended with {done.returncode} in {directory}\n"
                         + done.stderr)
    return json.loads(done.stdout)


def known_rules(mdlcheck):
    listed = subprocess.run([mdlcheck, "--list-rules"], capture_output=True,
                            text=True, check=True).stdout
    return {line.split()[0] for line in listed.splitlines()}


def check_folder(mdlcheck, folder, is_rule_folder, rules, modes):
    """Problems in one folder with sources, and its todos."""
    problems = []
    files = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in SOURCES | HEADERS:
            files[path.name] = Source(path.read_text(encoding="utf-8", errors="replace"))
    annotations = []
    for name, source in files.items():
        annotations += parse_annotations(name, source, rules, problems)
    if is_rule_folder:
        check_functions(folder.name, files, annotations, problems)

    sources = [name for name in files if pathlib.Path(name).suffix in SOURCES]
    todos = 0
    findings = set()
    for mode in modes:
        log = run_mdlcheck(mdlcheck, folder, sources, mode)
        found = []
        for error in log["errors"]:
            found.append(f"{error.get('file', folder.name)}:{error.get('line', 0)}: "
                         f"does not compile: {error['message']}")
        for function in log["coverage"]["notAnalysed"]:
            found.append(f"{function.get('file', folder.name)}:{function.get('line', 0)}: "
                         f"not analysed: {function['function']}: {function['reason']}")
        reported = [(f["file"], f["line"], f["rule"], f["message"])
                    for f in log["findings"]]
        different, open_todos = compare(
            [a for a in annotations if a.mode in (None, mode)], reported)
        where = " (whole program)" if mode == "program" else ""
        problems += [problem + where for problem in found + different]
        todos = max(todos, open_todos)
        findings.update(reported)
    return problems, todos, len(sources), len(findings)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mdlcheck", default="mdlcheck")
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    mdlcheck = str(pathlib.Path(arguments.mdlcheck).resolve())
    top = arguments.folder.resolve()
    rules = known_rules(mdlcheck)
    is_rule_folder = top.name in rules or top.name in ("sal", "seh")
    modes = ["unit", "program"] if top.name in PROGRAMS else ["unit"]

    problems = []
    if not (top / "README.md").exists():
        problems.append(f"{top.name}: has no README.md")
    folders = sorted({path.parent for path in top.rglob("*") if path.suffix in SOURCES})
    if not folders:
        problems.append(f"{top.name}: has no sources")
    todos = sources = findings = 0
    for folder in folders:
        more, folder_todos, folder_sources, folder_findings = check_folder(
            mdlcheck, folder, is_rule_folder, rules, modes)
        prefix = "" if folder == top else f"{folder.relative_to(top)}/"
        problems += [prefix + problem for problem in more]
        todos += folder_todos
        sources += folder_sources
        findings += folder_findings
    for problem in problems:
        print(problem)
    print(f"{top.name}: {sources} files, {findings} findings, {todos} todos, "
          f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
