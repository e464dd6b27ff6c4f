"""The pre-commit hook, in scratch repositories."""

import os
import pathlib
import shutil

from harness import CLEAN, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, FLAGS, LEAK, MDLCHECK, ROOT, MdlcheckTest
from tools import diagnostics, run

CONFIG = """\
repos:
  - repo: %s
    rev: %s
    hooks:
      - id: mdlcheck%s
"""


class PreCommitHook(MdlcheckTest):
    def git(self, *args, cwd=None):
        environment = {
            "PATH": f"{pathlib.Path(MDLCHECK).parent}:{os.environ['PATH']}",
            "HOME": str(self.dir), "PRE_COMMIT_HOME": str(self.dir / "pre-commit"),
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b"}
        return run(*args, cwd=cwd or self.repo, env=environment)

    def done(self, *args, **kwargs):
        run = self.git(*args, **kwargs)
        self.assertEqual(run.code, 0, run)
        return run

    def setUp(self):
        super().setUp()
        hooks = self.dir / "hooks"
        hooks.mkdir()
        shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
        self.done("git", "init", "-q", cwd=hooks)
        self.done("git", "add", "-A", cwd=hooks)
        self.done("git", "commit", "-qm", "hooks", cwd=hooks)
        rev = self.done("git", "rev-parse", "HEAD", cwd=hooks).out.strip()
        self.repo = self.dir / "driver"
        self.config = lambda args="": self.write("driver/.pre-commit-config.yaml",
                                                 CONFIG % (hooks, rev, args))
        self.config()
        self.write("driver/src/old.c", LEAK)
        self.write("driver/src/use.c", '#include "../inc/h.h"\n')
        self.write("driver/inc/h.h", "#include <ntddk.h>\n")
        self.write("driver/readme.txt", "")
        self.database([{"directory": str(self.repo), "file": f"src/{name}.c",
                        "arguments": ["clang", *FLAGS, "-c", f"src/{name}.c"]}
                       for name in ("old", "new", "use")], where="driver/build")
        self.write("driver/.gitignore", "build/\n")
        self.done("git", "init", "-q")
        self.done("git", "add", "-A")
        self.done("git", "commit", "-qm", "start")
        self.done("pre-commit", "install")

    def commit(self, **files):
        for name, text in files.items():
            self.write("driver/" + name.replace("__", "/").replace("_", "."), text)
        self.done("git", "add", "-A")
        return self.git("git", "commit", "-m", "change")

    def test_good_commits_pass(self):
        run = self.commit(src__new_c=CLEAN, readme_txt="changed")
        self.assertEqual(run.code, 0, run)
        self.assertRegex(run.err, r"mdlcheck\.+Passed")
        # Nothing of it is C.
        run = self.commit(readme_txt="once more")
        self.assertEqual(run.code, 0, run)
        self.assertIn("Skipped", run.err)

    def test_bad_commit_is_stopped(self):
        # The leak in old.c is not of this commit.
        run = self.commit(src__new_c=DOUBLE_UNLOCK)
        self.assertEqual(run.code, 1, run)
        self.assertEqual(diagnostics(run.err), [("new.c", DOUBLE_UNLOCK_LINE, "error",
                                                 "mdl-double-unlock")], run)
        self.assertIn("start", self.done("git", "log", "-1", "--format=%s").out)
        self.assertEqual(self.commit(src__new_c=CLEAN).code, 0)

    def test_header_by_the_source_that_includes_it(self):
        # No header of its own: alone it would not compile.
        bad = DOUBLE_UNLOCK.split("\n", 1)[1].replace("NTSTATUS Twice", "static NTSTATUS Twice")
        use = '#include <ntddk.h>\n#include "../inc/h.h"\n' + LEAK.split("\n", 1)[1]
        self.write("driver/src/use.c", use)
        self.done("git", "add", "-A")
        self.done("git", "commit", "-qnm", "use")
        run = self.commit(inc__h_h=bad)
        self.assertEqual(run.code, 1, run)
        self.assertEqual(diagnostics(run.err), [("h.h", DOUBLE_UNLOCK_LINE - 1, "error",
                                                 "mdl-double-unlock")], run)
        good = CLEAN.split("\n", 1)[1].replace("NTSTATUS Clean", "static NTSTATUS Clean")
        run = self.commit(inc__h_h=good)
        self.assertEqual(run.code, 0, run)

    def test_no_compile_database(self):
        shutil.rmtree(self.repo / "build")
        run = self.commit(src__new_c=CLEAN)
        self.assertEqual(run.code, 1, run)
        self.assertIn("no compile_commands.json in the directories above", run.err)

    def test_database_elsewhere(self):
        (self.repo / "build").rename(self.dir / "elsewhere")
        self.config(f"\n        args: [-p, {self.dir}/elsewhere]")
        run = self.commit(src__new_c=DOUBLE_UNLOCK)
        self.assertEqual(run.code, 1, run)
        self.assertEqual(len(diagnostics(run.err)), 1, run)
