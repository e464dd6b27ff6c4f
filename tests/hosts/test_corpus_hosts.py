"""Every corpus example gives the same findings in every host."""

import concurrent.futures
import json
import os
import pathlib
import re
import tempfile
import unittest

import run_corpus
from harness import MDLCHECK, ROOT, MdlcheckTest
from lsp_client import Client
from tools import CLANG, CLANG_TIDY, PLUGIN, TIDY_MODULE, run


def flags(path):
    return [*run_corpus.FLAGS, f"-I{path.parent}"]


def in_parallel(work, items):
    """The results of `work` on shares of `items`, as many at a time as there are processors."""
    shares = max(os.cpu_count() or 1, len(items) // 16)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [result for results in pool.map(work, [items[i::shares] for i in range(shares)])
                for result in results]


def printed(text):
    """Findings and the lines of their notes in text like Clang's."""
    found = []
    for match in re.finditer(r"^(/.+?):(\d+):(\d+): (warning|error|note): (.*)$", text, re.M):
        file, line, column, level, message = match.groups()
        if level == "note":
            found[-1][-1].append((int(line), message.strip()))
            continue
        rule = re.search(r" \[([a-z0-9]+-[a-z0-9-]+)\](?: +\[-W.*\])?$", message)
        found.append([file, int(line), int(column), rule.group(1),
                      message[:rule.start()], []])
    # clang-tidy also prints what Clang says.
    return [finding for finding in found if not finding[3].startswith("clang-diagnostic-")]


def in_order(findings):
    unique = {json.dumps(finding): finding for finding in findings}
    return [unique[key] for key in sorted(unique)]


class CorpusTest(MdlcheckTest):
    """The program itself is what the others are compared with; corpus.* compares
    it with what the examples say."""

    @classmethod
    def sources(cls):
        return sorted(path for path in (ROOT / "test-corpus").rglob("*")
                      if path.suffix in run_corpus.SOURCES)

    @classmethod
    def setUpClass(cls):
        if cls is CorpusTest:
            raise unittest.SkipTest("what the others have in common")
        super().setUpClass()
        cls.build = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.build.cleanup)
        pathlib.Path(cls.build.name, "compile_commands.json").write_text(json.dumps([
            {"directory": str(path.parent), "file": str(path),
             "arguments": ["clang", *flags(path), "-c", str(path)]} for path in cls.sources()]))
        alone = run(MDLCHECK, "--no-cache", "--unit-only", "--rules=*", "-p", cls.build.name,
                    cwd=cls.build.name, timeout=1200)
        cls.expected = in_order(printed(alone.out))

    def compare(self, find):
        self.assertGreater(len(self.expected), 100)
        found = in_order(in_parallel(find, self.sources()))
        for path in sorted({finding[0] for finding in self.expected + found}):
            with self.subTest(file=path):
                self.assertEqual([finding for finding in found if finding[0] == path],
                                 [finding for finding in self.expected if finding[0] == path])

    def test_plugin(self):
        def find(paths):
            text = ""
            for folder in sorted({path.parent for path in paths}):
                mine = [path for path in paths if path.parent == folder]
                text += run(CLANG, f"-fplugin={PLUGIN}", "-fplugin-arg-mdlcheck-rules=*",
                            "-Wno-everything", "-Wuser-defined-warnings",
                            "-fno-caret-diagnostics", "-fsyntax-only", *flags(mine[0]), *mine,
                            cwd=folder).err
            return printed(text)
        self.compare(find)

    def test_clang_tidy(self):
        rules = ",".join(sorted(run_corpus.known_rules(MDLCHECK)))

        def find(paths):
            return printed(run(CLANG_TIDY, f"--load={TIDY_MODULE}", f"--checks=-*,{rules}",
                               "--quiet", "--header-filter=.*", "-p", self.build.name, *paths,
                               cwd=self.dir).out)
        self.compare(find)

    def test_lsp(self):
        def find(paths):
            client = Client("--rules=*", "-p", self.build.name, cwd=self.dir)
            client.initialize()
            found = []
            for path in paths:
                uri = client.open(path)
                for d in client.diagnostics(uri, 1):
                    found.append([str(path), d["range"]["start"]["line"] + 1,
                                  d["range"]["start"]["character"] + 1, d["code"], d["message"],
                                  [(r["location"]["range"]["start"]["line"] + 1,
                                    r["message"].strip()) for r in d["relatedInformation"]]])
                client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
            self.assertEqual(client.close(), 0)
            return found
        self.compare(find)


class CorpusHosts(CorpusTest):
    """All of it."""


class RuleHosts(CorpusTest):
    """What each rule finds: a file a rule."""

    @classmethod
    def sources(cls):
        folders, rules = {}, run_corpus.known_rules(MDLCHECK)
        for path in super().sources():
            folders.setdefault(path.parent, []).append(path)
        return sorted(next((path for path in paths if path.stem.startswith("bad")), paths[0])
                      for folder, paths in folders.items()
                      if folder.name in rules)


if __name__ == "__main__":
    unittest.main()
