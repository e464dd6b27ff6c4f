"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  let grouping = "rule";
  let shown = data.findings.map((_, i) => i);
  let current = -1;
  let step = 0;

  const place = (where) => (where.line ? `${where.file}:${where.line}` : where.file);
  const baseName = (file) => file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);

  // The list ----------------------------------------------------------------

  function drawList() {
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (f) => {
      const text = [f.rule, f.severity, f.where.file, f.function, f.message].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    };
    const groups = new Map();
    data.findings.forEach((finding, i) => {
      if (!fits(finding)) return;
      const key = grouping === "rule" ? finding.rule : finding.where.file;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(i);
    });
    shown = [...groups.values()].flat();
    const list = byId("list");
    list.replaceChildren();
    for (const [key, indices] of groups) {
      const title = make("h3", {}, key, " ", make("span", { textContent: `(${indices.length})` }));
      const items = indices.map((i) => {
        const f = data.findings[i];
        const link = make("a", { href: `#${f.fingerprint}` },
          make("span", { className: f.severity, textContent: grouping === "rule" ? f.function || f.message : f.rule }),
          make("small", { textContent: grouping === "rule"
            ? place({ ...f.where, file: baseName(f.where.file) }) : `line ${f.where.line}: ${f.message}` }));
        link.title = place(f.where);
        link.dataset.index = i;
        if (i === current) link.setAttribute("aria-current", "true");
        return make("li", {}, link);
      });
      list.append(title, make("ul", {}, ...items));
    }
    if (shown.length === 0)
      list.append(make("p", { className: "empty",
        textContent: data.findings.length ? "Nothing fits the filter." : "Nothing was found." }));
    for (const button of byId("grouping").children)
      button.setAttribute("aria-pressed", String(button.dataset.by === grouping));
    byId("summary").textContent = shown.length === data.findings.length
      ? data.summary : `${shown.length} of ${data.summary}`;
  }

  // One finding -------------------------------------------------------------

  function select(index, atStep) {
    if (index < 0 || index >= data.findings.length) return;
    current = index;
    const f = data.findings[index];
    step = Math.min(Math.max(atStep ?? f.path.length - 1, 0), Math.max(f.path.length - 1, 0));
    for (const link of byId("list").querySelectorAll("a"))
      if (Number(link.dataset.index) === index) {
        link.setAttribute("aria-current", "true");
        link.scrollIntoView({ block: "nearest" });
      } else {
        link.removeAttribute("aria-current");
      }
    history.replaceState(null, "", `#${f.fingerprint}`);
    byId("finding").replaceChildren(
      make("p", { className: "message" },
        make("span", { className: f.severity, textContent: `${f.severity}: ` }), f.message),
      make("p", { className: "where", textContent: [`${f.rule}`, place(f.where),
        f.function && `in ${f.function}`, f.bugChecks && `prevents ${f.bugChecks}`].filter(Boolean).join(" \u00b7 ") }),
      ...(f.fix ? [make("p", { className: "fix" }, make("b", { textContent: "Repair: " }), `${f.fix}, as --fix does`)] : []));
    drawSteps(f);
    drawCode(f);
    go(step);
  }

  function drawSteps(f) {
    byId("steps").replaceChildren(...f.path.map((s, i) => {
      const button = make("button", { type: "button" }, make("b", { textContent: i + 1 }),
        make("span", {}, s.message, make("small", { textContent:
          [s.file === f.where.file && s.line ? `line ${s.line}` : place(s), s.function].filter(Boolean).join(" in ") })));
      button.title = place(s);
      button.style.setProperty("--indent", `${s.depth * 0.9}rem`);
      button.addEventListener("click", () => go(i));
      return make("li", {}, button);
    }));
  }

  // The lines that the page has of a file, as far as this path needs them.
  function rangesFor(f, file) {
    const lines = f.path.filter((s) => s.file === file && s.line).flatMap((s) => [s.line, s.endLine || s.line]);
    lines.sort((a, b) => a - b);
    const ranges = [];
    for (const line of lines) {
      const last = ranges[ranges.length - 1];
      if (last && line - last[1] <= 60) last[1] = line;
      else ranges.push([line, line]);
    }
    return ranges.map(([first, last]) => [first - 12, last + 6]);
  }

  function lineOf(file, number) {
    for (const [start, lines] of data.files[file] || [])
      if (number >= start && number < start + lines.length) return lines[number - start];
    return null;
  }

  // The text of a line in pieces that look different, and whether a comment goes on
  // behind it.
  const token = new RegExp([
    String.raw`(?<comment>//.*|/\*.*?(?:\*/|$))`,
    String.raw`(?<string>L?"(?:\\.|[^"\\])*"?|L?'(?:\\.|[^'\\])*'?)`,
    String.raw`(?<number>\b\d[\w.]*)`,
    String.raw`(?<directive>^\s*#\s*\w+)`,
    String.raw`(?<keyword>\b(?:_{0,2}(?:try|except|finally|leave|inline|declspec|volatile)|auto|bool|break|case|catch|char|class|const|continue|default|delete|do|double|else|enum|extern|false|float|for|goto|if|int|long|namespace|new|nullptr|private|public|register|return|short|signed|sizeof|static|struct|switch|template|this|throw|true|typedef|union|unsigned|using|virtual|void|while)\b)`,
  ].join("|"), "g");
  function colour(text, inComment) {
    const pieces = [];
    const add = (kind, piece) => piece && pieces.push(kind ? make("span", { className: kind, textContent: piece }) : piece);
    let at = 0;
    if (inComment) {
      const end = text.indexOf("*/");
      at = end < 0 ? text.length : end + 2;
      add("comment", text.slice(0, at));
      if (end < 0) return [pieces, true];
    }
    for (const match of text.slice(at).matchAll(token)) {
      const begin = match.index + (inComment ? text.indexOf("*/") + 2 : 0);
      add("", text.slice(at, begin));
      const [kind] = Object.entries(match.groups).find(([, piece]) => piece !== undefined);
      add(kind, match[0]);
      at = begin + match[0].length;
      if (kind === "comment" && match[0].startsWith("/*") && (match[0].length < 4 || !match[0].endsWith("*/")))
        return [pieces, true];
    }
    add("", text.slice(at));
    return [pieces, false];
  }
  // Whether a text begins inside a comment: it ends one that it does not begin.
  function beginsInComment(lines) {
    const text = lines.join("\n");
    const end = text.indexOf("*/");
    const begin = text.indexOf("/*");
    return end >= 0 && (begin < 0 || end < begin);
  }

  function drawCode(f) {
    const code = byId("code");
    code.replaceChildren(svg("svg", { id: "way", "aria-hidden": "true" }));
    for (const file of [...new Set(f.path.filter((s) => s.line).map((s) => s.file))]) {
      const body = make("tbody");
      let previous = 0;
      for (const [first, last] of rangesFor(f, file)) {
        const texts = [];
        for (let number = Math.max(first, previous + 1, 1); number <= last; number++)
          texts.push(lineOf(file, number) ?? "");
        let inComment = beginsInComment(texts);
        for (let number = Math.max(first, previous + 1, 1); number <= last; number++) {
          const text = lineOf(file, number);
          if (text === null) continue;
          if (previous && number > previous + 1)
            body.append(make("tr", { className: "gap" }, make("td", { colSpan: 2, textContent: "\u22ef" })));
          previous = number;
          let pieces;
          [pieces, inComment] = colour(text, inComment);
          const row = make("tr", {}, make("td", { className: "number", textContent: number }),
            make("td", { className: "text" }, ...(pieces.length ? pieces : [" "])));
          row.dataset.line = number;
          body.append(row);
          f.path.forEach((s, i) => {
            if (s.file !== file || s.line !== number) return;
            row.classList.add("on");
            const bubble = make("span", { className: `bubble${s.kind === "final" ? " final" : ""}` },
              make("b", { textContent: i + 1 }), make("span", { textContent: s.message }));
            const indent = Math.max(/^\s*/.exec(text.replaceAll("\t", "    "))[0].length, 0);
            bubble.style.setProperty("--indent", `${Math.min(indent, 40)}ch`);
            bubble.addEventListener("click", () => go(i));
            const says = make("tr", { className: "says" }, make("td", { className: "number" }),
              make("td", { className: "text" }, bubble));
            says.dataset.step = i;
            body.append(says);
          });
        }
      }
      if (body.children.length)
        code.append(make("h3", { textContent: file }), make("table", {}, body));
    }
    if (code.querySelectorAll("tr").length === 0)
      code.append(make("p", { className: "empty", textContent: "The source could not be read." }));
  }

  // The path, along the line numbers: a dot a step, an arc from each to the next.
  function drawWay() {
    const code = byId("code");
    const way = byId("way");
    code.style.setProperty("--room", `${code.clientWidth}px`);
    way.replaceChildren();
    way.setAttribute("width", 60);
    way.setAttribute("height", code.scrollHeight);
    const top = code.getBoundingClientRect().top - code.scrollTop;
    const points = [...code.querySelectorAll("tr.says")]
      .map((row) => [Number(row.dataset.step), row.getBoundingClientRect()])
      .map(([i, box]) => [i, box.top - top + box.height / 2]);
    points.sort((a, b) => a[0] - b[0]);
    points.forEach(([i, y], at) => {
      if (at === 0) return;
      const before = points[at - 1][1];
      const bend = Math.min(34, 8 + Math.abs(y - before) / 12) * (y < before ? 1.4 : 1);
      way.append(svg("path", { class: i <= step ? "gone" : "",
        d: `M 48 ${before} C ${48 - bend} ${before}, ${48 - bend} ${y}, 48 ${y}` }));
    });
    for (const [i, y] of points)
      way.append(svg("circle", { cx: 48, cy: y, r: i === step ? 5 : 3.5, class: i === step ? "now" : "" }));
  }

  function go(to) {
    const f = data.findings[current];
    if (!f || to < 0 || to >= f.path.length) return;
    step = to;
    [...byId("steps").children].forEach((item, i) => {
      const button = item.firstChild;
      if (i === step) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    byId("steps").children[step].scrollIntoView({ block: "nearest" });
    for (const row of byId("code").querySelectorAll("tr.now")) row.classList.remove("now");
    for (const row of byId("code").querySelectorAll("tr.says")) {
      const isNow = Number(row.dataset.step) === step;
      row.querySelector(".bubble").classList.toggle("now", isNow);
      if (!isNow) continue;
      let line = row.previousElementSibling;
      while (line && !line.dataset.line) line = line.previousElementSibling;
      if (line) line.classList.add("now");
      row.scrollIntoView({ block: "center" });
    }
    const known = f.path[step].state;
    const before = new Map(step > 0 ? f.path[step - 1].state : []);
    byId("state").replaceChildren(...(known.length
      ? known.flatMap(([name, value]) => [make("dt", { textContent: name }),
        make("dd", { textContent: value, className: before.get(name) === value ? "" : "new" })])
      : [make("dd", { textContent: "nothing is known yet" })]));
    drawWay();
  }

  // Keys --------------------------------------------------------------------

  function move(by) {
    const at = shown.indexOf(current);
    const next = shown[at < 0 ? 0 : at + by];
    if (next !== undefined) select(next);
  }
  function group(by) {
    grouping = by;
    drawList();
  }
  const keys = {
    j: () => move(1), k: () => move(-1), n: () => go(step + 1), p: () => go(step - 1),
    ArrowRight: () => go(step + 1), ArrowLeft: () => go(step - 1),
    Home: () => go(0), End: () => go((data.findings[current]?.path.length ?? 1) - 1),
    g: () => group(grouping === "rule" ? "file" : "rule"),
    "/": () => byId("filter").focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target === byId("filter")) {
      if (event.key === "Escape" || event.key === "Enter") {
        if (event.key === "Escape") byId("filter").value = "";
        drawList();
        byId("filter").blur();
      }
      return;
    }
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  byId("filter").addEventListener("input", drawList);
  byId("grouping").addEventListener("click", (event) => event.target.dataset.by && group(event.target.dataset.by));
  byId("list").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    select(Number(link.dataset.index));
  });
  window.addEventListener("resize", drawWay);

  drawList();
  const named = data.findings.findIndex((f) => `#${f.fingerprint}` === location.hash);
  if (data.findings.length) select(named >= 0 ? named : shown[0]);
})();
