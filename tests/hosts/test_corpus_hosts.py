"""Every corpus example gives the same findings in every host."""

import json
import re

import run_corpus
from harness import MDLCHECK, ROOT, MdlcheckTest
from lsp_client import Client
from tools import CLANG, CLANG_TIDY, PLUGIN, TIDY_MODULE, run


def folders():
    return sorted({path.parent for path in (ROOT / "test-corpus").rglob("*")
                   if path.suffix in run_corpus.SOURCES})


def flags(folder):
    return [*run_corpus.FLAGS, f"-I{folder}"]


def sources(folder):
    return sorted(path for path in folder.iterdir() if path.suffix in run_corpus.SOURCES)


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
    return found


def in_order(findings):
    unique = {json.dumps(finding): finding for finding in findings}
    return [unique[key] for key in sorted(unique)]


class CorpusHostsTest(MdlcheckTest):
    """`standalone` is what the others are compared with; corpus.* compares it
    with what the examples say."""

    def standalone(self, folder):
        done = run(MDLCHECK, "--rules=*", *sources(folder), "--", *flags(folder),
                   cwd=self.dir)
        return in_order(printed(done.out))


class CorpusHosts(CorpusHostsTest):
    def compare(self, find):
        total = 0
        for folder in folders():
            expected = self.standalone(folder)
            total += len(expected)
            with self.subTest(folder=folder.relative_to(ROOT)):
                self.assertEqual(in_order(find(folder)), expected)
        self.assertGreater(total, 100)

    def test_plugin(self):
        def find(folder):
            done = run(CLANG, f"-fplugin={PLUGIN}", "-fplugin-arg-mdlcheck-rules=*",
                       "-Wno-everything", "-Wuser-defined-warnings", "-fno-caret-diagnostics", "-fsyntax-only",
                       *flags(folder), *sources(folder), cwd=folder)
            return printed(done.err)
        self.compare(find)

    def test_clang_tidy(self):
        rules = ",".join(sorted(run_corpus.known_rules(MDLCHECK)))

        def find(folder):
            done = run(CLANG_TIDY, f"--load={TIDY_MODULE}", f"--checks=-*,{rules}", "--quiet",
                       "--header-filter=.*", *sources(folder), "--", *flags(folder), cwd=folder)
            return printed(done.out)
        self.compare(find)

    def test_language_server(self):
        def find(folder):
            client = Client("--rules=*", "--", *flags(folder), cwd=self.dir)
            client.initialize()
            found = []
            for path in sources(folder):
                uri = client.open(path)
                for d in client.diagnostics(uri, 1):
                    found.append([str(path), d["range"]["start"]["line"] + 1,
                                  d["range"]["start"]["character"] + 1, d["code"], d["message"],
                                  [(r["location"]["range"]["start"]["line"] + 1,
                                    r["message"].strip()) for r in d["relatedInformation"]]])
            self.assertEqual(client.close(), 0)
            return found
        self.compare(find)
