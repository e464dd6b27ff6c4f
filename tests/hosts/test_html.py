"""The page of --format=html: what is in it, and in a browser where there is one."""

import json
import re
import unittest

from browser import CHROMIUM, Page
from harness import CLEAN, DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, LEAK, MdlcheckTest

NASTY = "</script><script>alert(1)</script>"
CALLS = """\
#include "inc/h.h"
/* %s */
static VOID Inner(PMDL Mdl, KIRQL *Old)
{
    KeRaiseIrql(DISPATCH_LEVEL, Old);
    MmUnlockPages(Mdl);
}
""" % NASTY + DOUBLE_UNLOCK.split("\n", 1)[1].replace(
    "    MmUnlockPages(mdl);\n", "    KIRQL old;\n    Inner(mdl, &old);\n", 1).replace(
    "/* TWICE */", "/* TWICE */\n    KeLowerIrql(old);")


class HtmlTest(MdlcheckTest):
    def page(self, *files):
        run = self.analyse("--format=html", "-o", "out.html", *files)
        self.assertEqual(run.out, "", run)
        return (self.dir / "out.html").read_text()

    def data(self, page):
        return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>',
                                    page, re.S).group(1))


class HtmlPage(HtmlTest):
    def test_needs_nothing_else(self):
        self.write("a.c", DOUBLE_UNLOCK)
        page = self.page("a.c")
        self.assertTrue(page.startswith("<!doctype html>"))
        self.assertNotIn("@CSS@", page)
        self.assertNotIn("@JS@", page)
        for reference in re.findall(r'(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import', page):
            self.fail(reference)
        addresses = set(re.findall(r"https?://[^\s\"']+", page))
        self.assertEqual(addresses, {"http://www.w3.org/2000/svg"})

    def test_data(self):
        self.write("inc/h.h", "#include <ntddk.h>\n")
        self.write("src/a.c", CALLS.replace("inc/h.h", "../inc/h.h"))
        page = self.page("src/a.c")
        # What the source says is no part of the page.
        self.assertNotIn(NASTY, page)
        data = self.data(page)
        self.assertEqual(data["summary"], "1 finding in 1 file")
        [finding] = data["findings"]
        self.assertEqual((finding["rule"], finding["severity"], finding["where"]["file"]),
                         ("mdl-double-unlock", "error", "src/a.c"))
        self.assertEqual({step["depth"] for step in finding["path"]}, {0, 1})
        [allocated] = [step for step in finding["path"] if step["message"] == "MDL allocated here"]
        # Called what it is called later.
        self.assertEqual(allocated["state"], [["mdl", "MDL allocated"]])
        self.assertEqual(dict(finding["path"][-1]["state"]),
                         {"mdl": "MDL allocated", "Mdl": "pages unlocked",
                          "IRQL": "DISPATCH_LEVEL"})
        self.assertEqual(finding["fix"], "remove this call of 'MmUnlockPages'")
        [[first, lines]] = data["files"]["src/a.c"]
        self.assertEqual(lines, (self.dir / "src/a.c").read_text().splitlines()[first - 1:])

    def test_a_lock_raises_the_level(self):
        self.write("a.c", "#include <ntddk.h>\nVOID F(PKSPIN_LOCK Lock, PKEVENT Event)\n{\n"
                          "    KIRQL old;\n    KeAcquireSpinLock(Lock, &old);\n"
                          "    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);\n"
                          "    KeReleaseSpinLock(Lock, old);\n}\n")
        [finding] = self.data(self.page("a.c"))["findings"]
        self.assertEqual([step["state"] for step in finding["path"]],
                         [[["IRQL", "DISPATCH_LEVEL"]]] * 2)

    def test_beside_another_format(self):
        self.write("a.c", CLEAN)
        run = self.analyse("--html=page.html", "a.c")
        self.assertEqual((run.code, run.out), (0, ""))
        self.assertEqual(self.data((self.dir / "page.html").read_text())["findings"], [])


@unittest.skipUnless(CHROMIUM, "there is no Chromium here")
class HtmlInBrowser(HtmlTest):
    def setUp(self):
        super().setUp()
        self.write("one.c", CALLS.replace('"inc/h.h"', "<ntddk.h>"))
        self.write("two.c", DOUBLE_UNLOCK + LEAK.split("\n", 1)[1])
        self.page("one.c", "two.c")
        self.open("")

    def open(self, fragment):
        self.browser = Page(f"file://{str(self.dir).replace(' ', '%20')}/out.html{fragment}")
        self.addCleanup(self.browser.close)

    def count(self, selector):
        return self.browser.value(f"document.querySelectorAll({json.dumps(selector)}).length")

    def text(self, selector):
        return self.browser.value(f"document.querySelector({json.dumps(selector)})?.textContent")

    def current(self):
        return self.text("#list a[aria-current] small")

    def test_open_filter_step(self):
        browser = self.browser
        self.assertEqual(self.count("#list a"), 3)
        self.assertEqual(self.text("#summary"), "3 findings in 2 files")
        self.assertEqual(self.current(), "one.c:22")
        self.assertIn("unlocked twice", self.text("#finding .message"))
        self.assertIn("remove this call", self.text("#finding .fix"))
        # Source is coloured, and its text is what it was.
        self.assertEqual(self.text("#code .keyword"), "static")
        self.assertIn(NASTY, self.text("#code .comment"))
        [source] = self.browser.value(
            "[[...document.querySelectorAll('#code tr[data-line] td.text')]"
            ".map(cell => cell.textContent).join('\\n')]")
        self.assertIn(source.replace("\n ", "\n").strip(),
                      (self.dir / "one.c").read_text().replace("\n ", "\n"))
        # The path is drawn: a bubble and a dot a step, an arc between two.
        steps = self.count("#steps li")
        self.assertEqual((self.count("#code .bubble"), self.count("#way circle"),
                          self.count("#way path")), (steps, steps, steps - 1))
        # The last step is shown first; the first key goes back.
        self.assertEqual(self.text("#steps [aria-current] b"), str(steps))
        self.assertIn("DISPATCH_LEVEL", self.text("#state"))
        browser.key("p")
        self.assertEqual(self.text("#steps [aria-current] b"), str(steps - 1))
        browser.key("Home")
        self.assertEqual(self.text("#code .bubble.now b"), "1")
        self.assertNotIn("DISPATCH_LEVEL", self.text("#state"))
        browser.key("n")
        browser.key("ArrowRight")
        self.assertEqual(self.text("#code .bubble.now b"), "3")
        browser.click("#steps li:nth-child(2) button")
        self.assertEqual(self.text("#code .bubble.now b"), "2")
        # From one finding to the next, and back.
        browser.key("j")
        self.assertEqual(self.current(), f"two.c:{DOUBLE_UNLOCK_LINE}")
        browser.key("k")
        self.assertEqual(self.current(), "one.c:22")
        # Filter, by keys alone.
        browser.key("/")
        browser.type("leak two")
        self.assertEqual((self.count("#list a"), self.text("#summary")),
                         (1, "1 of 3 findings in 2 files"))
        browser.key("Enter")
        browser.key("j")
        self.assertIn("not freed", self.text("#finding .message"))
        browser.key("/")
        browser.type("zebra")
        self.assertIn("Nothing fits", self.text("#list"))
        browser.key("Escape")
        self.assertEqual(self.count("#list a"), 3)
        # By rule and by file.
        self.assertEqual(self.count("#list h3"), 2)
        browser.click("#grouping [data-by=file]")
        self.assertIn("one.c", self.text("#list h3"))
        browser.click("#list ul:last-child li:last-child a")
        self.assertIn("mdl-leak", self.text("#finding .where"))
        # What is shown has an address.
        address = browser.value("location.hash")
        self.open(address)
        self.assertIn("mdl-leak", self.text("#finding .where"))
        self.assertEqual(browser.problems + self.browser.problems, [])

    def test_light_and_dark(self):
        colors = []
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme)
            colors.append([
                sum(map(int, re.findall(r"\d+", self.browser.value(
                    f"getComputedStyle(document.body).{name}"))[:3]))
                for name in ("backgroundColor", "color")])
        (page, text), (dark_page, dark_text) = colors
        self.assertGreater(page - text, 450)
        self.assertGreater(dark_text - dark_page, 450)
        self.assertEqual(self.browser.problems, [])

    def test_nothing_found(self):
        self.write("clean.c", CLEAN)
        self.page("clean.c")
        self.open("")
        self.assertEqual(self.text("#list"), "Nothing was found.")
        self.browser.key("j")
        self.browser.key("n")
        self.assertEqual(self.browser.problems, [])


if __name__ == "__main__":
    unittest.main()
