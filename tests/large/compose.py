"""Large functions, put together from the blocks in blocks/*.c.

A block is C with a `$` in every name that must differ from one use to the next,
in sections: types, helpers, locals, start (what comes right after the locals),
work, undo, leaks. `FAIL;` leaves the work for the undo, `//+` is a place for
fillers. At the end of a line, `//!` says what planted mistakes do to it:

  del P         the line is not there when P is planted
  only P        the line is there only then
  see P RULE    a finding of RULE on this line is right when P is planted

and a line `P RULE` of the section leaks: a finding of RULE is right where the
function, or the block that declares the locals, is left.
"""

import collections
import pathlib
import random

FOLDER = pathlib.Path(__file__).resolve().parent
PARAMETERS = ("STORE_VOLUME *Volume, PIRP Irp, ULONG64 Offset, PUCHAR Buffer, "
              "ULONG Length, ULONG Flags")

# The way out of a function: one label, a label a block, a termination handler,
# or the end of an attempt of which there are a few.
FRAMES = ("label", "ladder", "finally", "attempts")

Driver = collections.namedtuple("Driver", "name seed frame blocks fillers")
Line = collections.namedtuple("Line", "text gone only seen")


def line(text, where=""):
    """One line of a block, `where` being the block's name and number."""
    text, _, said = text.partition("//!")
    gone, only, seen = set(), set(), set()
    for verb, plant, *rule in (part.split() for part in said.split(";") if part.strip()):
        plant = f"{where}.{plant}"
        if verb == "del":
            gone.add(plant)
        elif verb == "only":
            only.add(plant)
        elif verb == "see":
            seen.add((plant, *rule))
        else:
            raise ValueError(f"{verb} in {where}")
    return Line(text.rstrip(), gone, only, seen)


def read_sections(path):
    """(name, lines) of each section."""
    sections = []
    for text in path.read_text(encoding="utf-8").splitlines():
        if text.startswith("//# "):
            sections.append((text[4:], []))
        elif sections:
            sections[-1][1].append(text)
    return sections


class Composer:
    """Makes the lines of one driver."""

    def __init__(self, driver):
        self.driver = driver
        self.random = random.Random(driver.seed)
        sections = read_sections(FOLDER / "fillers.c")
        self.filler_locals = dict(sections)["locals"]
        self.all_fillers = [lines for name, lines in sections if name == "filler"]

    def fail(self, where):
        if self.driver.frame == "finally":
            return "__leave"
        return f"goto Undo{where}" if self.driver.frame == "ladder" else "goto Undo"

    def fillers(self, indent):
        """What is between two steps: some of the fillers, or none."""
        for _ in range(self.random.randint(0, self.driver.fillers)):
            yield from (indent + text[4:] for text in self.random.choice(self.all_fillers))

    def use(self, name, number):
        """The sections of one use of a block."""
        used = collections.defaultdict(list)
        for section, texts in read_sections(FOLDER / "blocks" / f"{name}.c"):
            for text in texts:
                if section == "types":
                    used[section].append(line(text))
                elif text.strip() == "//+":
                    used[section] += [line(filler.replace("FAIL;", self.fail(number) + ";"))
                                      for filler in self.fillers(text[:text.index("/")])]
                else:
                    text = text.replace("$", str(number))
                    text = text.replace("FAIL;", self.fail(number) + ";")
                    used[section].append(line(text, f"{name}{number}"))
        return used

    def function(self, uses):
        """The function out of the uses of its blocks."""
        frame = self.driver.frame
        deeper = "    " if frame in ("finally", "attempts") else ""
        leaks = set()
        for use in uses:
            for leak in use["leaks"]:
                if leak.text.strip():
                    plant, rule = leak.text.split()
                    leaks.add((f"{use['where']}.{plant}", rule))

        def end(text):
            return Line(text, set(), set(), leaks)

        def each(section, indent=""):
            for use in uses:
                yield from (part._replace(text=indent + part.text if part.text else "")
                            for part in use[section])

        yield from map(line, [f"NTSTATUS Store{self.driver.name.title()}({PARAMETERS})", "{",
                              "    NTSTATUS status = STATUS_SUCCESS;", *self.filler_locals])
        if frame == "attempts":
            yield line("    ULONG Attempt;")
            yield line("")
            yield line("    for (Attempt = 0; Attempt < STORE_COPIES; Attempt++) {")
            yield from each("locals", "    ")
            yield line("")
            yield line("        status = STATUS_SUCCESS;")
            yield from each("start", "    ")
        else:
            yield from each("locals")
            yield line("")
            yield from each("start")
        if frame == "finally":
            yield line("    __try {")
        yield from each("work", deeper)
        if frame == "finally":
            yield line("    } __finally {")
        elif frame == "attempts":
            yield line("Undo:")
        elif frame == "label":
            yield line("Undo:")
        for use in reversed(uses):
            if frame == "ladder":
                yield line(f"Undo{use['number']}:")
            yield from (part._replace(text=deeper + part.text if part.text else "")
                        for part in use["undo"])
        if frame == "finally":
            yield line("    }")
        elif frame == "attempts":
            yield line("        if (NT_SUCCESS(status)) {")
            yield end("            break;")
            yield line("        }")
            yield line("        Offset += Volume->StripeLength;")
            yield end("    }")
        yield end("    return status;")
        yield end("}")

    def lines(self):
        """All lines of the driver."""
        prelude = (FOLDER / "prelude.c").read_text(encoding="utf-8")
        result = [line(text) for text in prelude.splitlines() + [""]]
        uses = []
        for number, name in enumerate(self.driver.blocks, 1):
            use = self.use(name, number)
            use.update(where=f"{name}{number}", number=number)
            uses.append(use)
            if name not in self.driver.blocks[:number - 1]:
                result += use["types"]
        for use in uses:
            result += use["helpers"]
        return result + list(self.function(uses))


def plants(driver, lines):
    """The mistakes that can be planted, in order. A return does not skip a
    termination handler."""
    known = dict.fromkeys(plant for part in lines for plant in sorted(part.only | part.gone))
    if driver.frame == "finally":
        for part in lines:
            if "return" in part.text:
                for plant in part.only:
                    known.pop(plant, None)
    return list(known)


def write(lines, plant=None):
    """The text with one mistake, or none, and the findings that are right: pairs
    of line and rule."""
    texts, right = [], set()
    for part in lines:
        if plant in part.gone or part.only and plant not in part.only:
            continue
        texts.append(part.text + "\n")
        right.update((len(texts), rule) for seen, rule in part.seen if seen == plant)
    return "".join(texts), right
