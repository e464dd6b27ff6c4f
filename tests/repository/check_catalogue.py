#!/usr/bin/env python3
"""Keeps the rule catalogue, the corpus, the pages and README.md in step.

 - every rule has a folder in test-corpus/ with a page, and every folder there is
   a rule's or one of OTHER_FOLDERS;
 - a page has its title, its sections in order, and text in each;
 - ids and aliases are well formed and used once;
 - messages use known placeholders only, bug checks are spelled as such;
 - the list of rules in README.md is the catalogue's (--write rewrites it);
 - no source file in checker/ has grown past MAX_LINES.
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
OTHER_FOLDERS = {"sal", "seh", "drivers", "program", "wdk", "language"}
SECTIONS = ["What goes wrong", "Bad", "Good", "How it is found / limits", "How to fix",
            "Sources"]
PLACEHOLDERS = {"object", "callee", "state", "irql", "limit", "because", "site", "field"}
SEVERITIES = {"note", "warning", "error"}
KEYS = {"title", "severity", "enabled", "aliases", "bug-checks", "sources", "breaks", "message",
        "code-analysis", "sdv", "codeql", "kept", "repair"}
MAX_LINES = 800
BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"


def check_page(rule, path, problems):
    if not path.exists():
        problems.append(f"test-corpus/{rule}: has no README.md")
        return
    text = path.read_text(encoding="utf-8")
    name = f"test-corpus/{rule}/README.md"
    # Headings in code blocks are none.
    prose = re.sub(r"^```.*?^```", "code", text, flags=re.M | re.S)
    if not prose.startswith(f"# {rule}\n"):
        problems.append(f"{name}: does not begin with '# {rule}'")
    sections = re.split(r"^## +(.*?) *$", prose, flags=re.M)
    if len(sections[0].strip().splitlines()) < 2:
        problems.append(f"{name}: has no sentence under its title")
    if sections[1::2] != SECTIONS:
        problems.append(f"{name}: sections are {sections[1::2]}, not {SECTIONS}")
    for title, body in zip(sections[1::2], sections[2::2]):
        if not body.strip():
            problems.append(f"{name}: section '{title}' is empty")


def check_rules(rules, problems):
    seen = {}
    for rule, entry in rules.items():
        where = f"rules/catalogue.yaml: {rule}"
        for unknown in sorted(set(entry) - KEYS):
            problems.append(f"{where}: unknown key '{unknown}'")
        for name in [rule, *entry.get("aliases", [])]:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name):
                problems.append(f"{where}: '{name}' is not spelled like an id")
            if name in seen:
                problems.append(f"{where}: '{name}' is used by {seen[name]} already")
            seen[name] = rule
        if entry.get("severity") not in SEVERITIES:
            problems.append(f"{where}: severity is to be one of {sorted(SEVERITIES)}")
        title = entry.get("title", "")
        if not title or title.endswith(".") or not title[0].isupper():
            problems.append(f"{where}: the title is to be a line without a full stop")
        message = entry.get("message", "")
        if not message or message.endswith(".") or message[0].isupper():
            problems.append(f"{where}: the message is to be like a compiler's")
        for placeholder in re.findall(r"\{(\w*)\}", message):
            if placeholder not in PLACEHOLDERS:
                problems.append(f"{where}: unknown placeholder {{{placeholder}}}")
        for code in entry.get("bug-checks", []):
            if not re.fullmatch(r"0x[0-9A-F]+(/0x[0-9A-F]+)?", code):
                problems.append(f"{where}: '{code}' is not spelled like a bug check")
        if not entry.get("sources"):
            problems.append(f"{where}: names no source")


def rules_table(rules):
    lines = ["| rule | finds | severity |", "| --- | --- | --- |"]
    for rule, entry in rules.items():
        off = "" if entry.get("enabled", True) else ", off by default"
        lines.append(f"| [`{rule}`](test-corpus/{rule}/README.md) | {entry['title']} | "
                     f"{entry['severity']}{off} |")
    return "\n".join(lines)


def check_readme(rules, problems, write):
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        problems.append("README.md: has no list of rules")
        return
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    wanted = f"{head}{BEGIN}\n{rules_table(rules)}\n{END}{tail}"
    if write:
        path.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        problems.append("README.md: the list of rules is not the catalogue's; "
                        "run tests/repository/check_catalogue.py --write")


def check_lengths(problems):
    for path in sorted((ROOT / "checker").rglob("*")):
        if path.suffix in {".h", ".cpp"}:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > MAX_LINES:
                problems.append(f"{path.relative_to(ROOT)}: {lines} lines, more than "
                                f"{MAX_LINES}; split it")


def main():
    problems = []
    with open(ROOT / "rules" / "catalogue.yaml", encoding="utf-8") as catalogue:
        rules = yaml.safe_load(catalogue)["rules"]
    check_rules(rules, problems)
    corpus = ROOT / "test-corpus"
    for rule in rules:
        check_page(rule, corpus / rule / "README.md", problems)
    for folder in sorted(path for path in corpus.iterdir() if path.is_dir()):
        if folder.name not in rules and folder.name not in OTHER_FOLDERS:
            problems.append(f"test-corpus/{folder.name}: is no rule's folder")
    check_readme(rules, problems, "--write" in sys.argv[1:])
    check_lengths(problems)
    for problem in problems:
        print(problem)
    print(f"{len(rules)} rules, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
