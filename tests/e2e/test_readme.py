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
        told = self.run_mdlcheck("--help").out
        for option in re.findall(r"^ {2}(-[-a-z]+)", told, re.M):
            if option not in ("--help", "--version", "--list-rules"):
                self.assertRegex(README, rf"`{option}\b|\[{option}\b", option)


if __name__ == "__main__":
    unittest.main()
