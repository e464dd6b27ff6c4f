"""What README.md shows is what mdlcheck prints."""

import re
import unittest

from harness import FLAGS, ROOT, MdlcheckTest

README = (ROOT / "README.md").read_text(encoding="utf-8")


class ReadmeTest(MdlcheckTest):
    def test_finding(self):
        shown = re.search(r"^```text\n(view\.c:.*?)^```", README, re.M | re.S).group(1)
        run = self.run_mdlcheck("--quiet", "view.c", "--", *FLAGS,
                                cwd=ROOT / "test-corpus/drivers/neither-ioctl-bad")
        self.assertEqual(run.out, shown)
        self.assertEqual(run.code, 1, run)

    def test_options(self):
        own, tidys = self.run_mdlcheck("--help").out.split("as clang-tidy has them")
        for option in re.findall(r"^ {2}(-[-a-z]+)", own, re.M):
            if option not in ("--help", "--version", "--list-rules"):
                self.assertRegex(README, rf"`{option}\b|\[{option}\b", option)
        page = (ROOT / "checker/lsp/README.md").read_text(encoding="utf-8")
        for option in re.findall(r"^ {2}(-[-a-z]+)", tidys, re.M):
            self.assertIn(f"`{option}", page)


if __name__ == "__main__":
    unittest.main()
