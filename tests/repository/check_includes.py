#!/usr/bin/env python3
"""Checks that every #include under checker/ keeps to the folder table of README.md.

A row of the table names a folder and what it may use: other folders of checker/,
single headers of them ("program/Analysis.h"), and "Clang". Only the folders
whose row says Clang may include its headers. LLVM's and the standard library's
are everybody's.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXTENSIONS = {".h", ".cpp", ".inc"}


def read_table(readme):
    """folder -> the set of what it may use."""
    table = {}
    for line in readme.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        folders = re.findall(r"`([\w/-]+?)/?`", cells[0]) if cells else []
        if len(cells) != 3 or not folders or "/" not in folders[0] + "/":
            continue
        uses = set(re.findall(r"[\w./-]+", cells[2].replace("`", "")))
        for folder in folders:
            if folder.startswith("checker/") or folder == "clang-plugin":
                table[folder.removeprefix("checker/")] = uses
    return table


def check(root, table):
    problems = []
    folders = {path.name for path in (root / "checker").iterdir() if path.is_dir()}
    places = [(root / "checker" / name, name) for name in sorted(folders)]
    if (root / "clang-plugin").is_dir():
        places.append((root / "clang-plugin", "clang-plugin"))
    for directory, name in places:
        files = [path for path in sorted(directory.rglob("*"))
                 if path.suffix in EXTENSIONS]
        if files and name not in table:
            problems.append(f"{directory.relative_to(root)}: has no row in the folder "
                            f"table of README.md")
            continue
        for path in files:
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
                if not match:
                    continue
                included = match.group(1)
                where = f"{path.relative_to(root)}:{number}"
                first = included.split("/")[0]
                if first in ("clang", "clang-c", "clang-tidy"):
                    if "Clang" not in table[name]:
                        problems.append(f"{where}: only the folders marked Clang may "
                                        f"include {included}")
                elif first in folders and "/" in included:
                    if first != name and not {first, included} & table[name]:
                        problems.append(f"{where}: {name} may not use {included}")
                elif name == "clang-plugin" and (directory / included).exists():
                    pass
                elif '"' in line and not included.startswith("llvm/"):
                    problems.append(f"{where}: write {included} as it is seen from "
                                    f"checker/ (\"folder/File.h\")")
    return problems


def main():
    table = read_table((ROOT / "README.md").read_text(encoding="utf-8"))
    problems = check(ROOT, table)
    if not table:
        problems.append("README.md: no folder table found")
    # A table that lets two folders use each other is none.
    for name, uses in table.items():
        for other in uses & set(table):
            if name in table[other]:
                problems.append(f"README.md: {name} and {other} may use each other")
    for problem in problems:
        print(problem)
    print(f"{len(table)} folders, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
