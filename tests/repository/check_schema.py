#!/usr/bin/env python3
"""Checks rules/**/*.yaml against rules/schema.json."""

import json
import pathlib
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    rules = ROOT / "rules"
    schema = json.loads((rules / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    problems = []
    paths = sorted(rules.rglob("*.yaml"))
    for path in paths:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
        for error in validator.iter_errors(document or {}):
            where = "/".join(str(part) for part in error.absolute_path)
            problems.append(f"{path.relative_to(ROOT)}: {where}: {error.message}")
    # The schema must also refuse something.
    for bad in ({"ddi": {}}, {"ddis": {"F": {}}},
                {"ddis": {"F": {"outcomes": [{"returns": {}, "code": "A"}]}}},
                {"ddis": {"F": {"like": "G", "irql": 2}}},
                {"rules": {"r": {"title": "t"}}}, {"automata": {"a": {}}}):
        if validator.is_valid(bad):
            problems.append(f"rules/schema.json: allows {bad}")
    for problem in problems:
        print(problem)
    print(f"{len(paths)} files, {len(problems)} problems")
    return 1 if problems or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
