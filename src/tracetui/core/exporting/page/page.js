"use strict";
// The page of one run. Data comes as JSON in script elements of another type; every text of it becomes a text node, never markup.
(() => {
  const ROW = 21, AROUND = 12, FIRST_CHARACTERS = 20000, MOST_MARKS = 500, MOST_PRINTED = 20000, OPEN_AT_FIRST = 300;
  const DEPTH = 0, KIND = 1, STATUS = 2, FLAGS = 3, BEGIN = 4, LENGTH = 5, NAME = 6, SUBJECT = 7, START = 8, TIME = 9, TOKENS = 10, COST = 11;
  const CAUSE = 1, CRITICAL = 2, ORPHAN = 4, CONTEXT = 8;
  const CONTAINERS = new Set(["agent", "chain", "step", "span"]);

  const pieces = (name) => Array.from(document.querySelectorAll(`script.${name}`));
  const run = JSON.parse(pieces("run")[0].textContent);
  const spans = [], firsts = [];
  for (const piece of pieces("rows")) {
    firsts.push(spans.length);
    for (const row of JSON.parse(piece.textContent)) spans.push(row);
    piece.remove();
  }
  const count = spans.length, bodies = pieces("bodies");

  // ---------------------------------------------------------------- the tree

  const parent = new Int32Array(count).fill(-1), size = new Int32Array(count).fill(1), causes = new Int32Array(count);
  const isOpen = new Uint8Array(count);
  (() => {
    const above = [];
    for (let at = 0; at < count; at++) {
      while (above.length && spans[above[above.length - 1]][DEPTH] >= spans[at][DEPTH]) above.pop();
      if (above.length) parent[at] = above[above.length - 1];
      above.push(at);
      causes[at] = spans[at][FLAGS] & CAUSE ? 1 : 0;
    }
    for (let at = count - 1; at >= 0; at--) {
      if (parent[at] < 0) continue;
      size[parent[at]] += size[at];
      causes[parent[at]] += causes[at];
    }
    for (let at = 0; at < count; at++) isOpen[at] = count <= OPEN_AT_FIRST || spans[at][DEPTH] < 1 ? 1 : 0;
  })();

  let visible = [], selected = -1, keep = null, folds = isOpen, query = "", hits = [], isHit = new Set(), searching = 0;
  const chosen = new Set();

  function look() {
    visible = [];
    for (let at = 0; at < count;) {
      if (keep && !keep[at]) { at += size[at]; continue; }
      visible.push(at);
      at += size[at] > 1 && !folds[at] ? size[at] : 1;
    }
  }

  function place(at) {
    let low = 0, high = visible.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (visible[middle] < at) low = middle + 1; else high = middle;
    }
    return visible[low] === at ? low : -1;
  }

  function reveal(at) {
    if (keep && !keep[at]) choose(null);
    for (let above = parent[at]; above >= 0; above = parent[above]) folds[above] = 1;
    look();
  }

  function choose(kind) {
    if (kind === null) chosen.clear();
    else if (chosen.has(kind)) chosen.delete(kind);
    else chosen.add(kind);
    keep = null;
    folds = isOpen;
    if (chosen.size) {
      keep = new Uint8Array(count);
      folds = new Uint8Array(count).fill(1);
      for (let at = count - 1; at >= 0; at--) {
        if (chosen.has(spans[at][KIND])) keep[at] = 1;
        if (keep[at] && parent[at] >= 0) keep[parent[at]] = 1;
      }
    }
    look();
    for (const [number, button] of chips) button.setAttribute("aria-pressed", String(chosen.has(number)));
    if (selected >= 0 && place(selected) < 0) {
      let at = selected;
      while (at >= 0 && place(at) < 0) at = parent[at];
      select(at >= 0 ? at : visible.length ? visible[0] : -1);
    } else draw();
  }

  // ---------------------------------------------------------------- elements

  function make(tag, name, ...inside) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...inside);
    return made;
  }

  function fold(text) { return query === query.toLowerCase() ? text.toLowerCase() : text; }

  /** Appends a text, what is searched for marked in it. */
  function put(target, text) {
    if (!query) { target.append(text); return target; }
    const folded = fold(text);
    let from = 0, marks = 0;
    // Where small letters are longer than large ones places do not match: then nothing is marked.
    if (folded.length === text.length) {
      for (let at = folded.indexOf(query); at >= 0 && marks < MOST_MARKS; at = folded.indexOf(query, from)) {
        target.append(text.slice(from, at), make("mark", "", text.slice(at, at + query.length)));
        from = at + query.length;
        marks++;
      }
    }
    target.append(text.slice(from));
    return target;
  }

  const TOKEN = /("(?:[^"\\\n]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)/g;

  function putJson(target, text) {
    let from = 0;
    TOKEN.lastIndex = 0;
    for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
      put(target, text.slice(from, found.index));
      const [, string, colon, word] = found;
      const name = string ? (colon === undefined ? "string" : "key") : word ? "keyword" : "number";
      target.append(put(make("span", name), string || found[0]));
      if (colon) target.append(colon);
      from = found.index + found[0].length;
    }
    return put(target, text.slice(from));
  }

  function putValue(target, text) {
    const first = text.slice(0, FIRST_CHARACTERS), isJson = /^\s*[{[]/.test(first);
    const whole = text.length <= FIRST_CHARACTERS || (query && fold(text).indexOf(query, FIRST_CHARACTERS) >= 0);
    const pre = make("pre", "text");
    const shown = whole ? text : first;
    if (isJson && shown.length <= 2 * FIRST_CHARACTERS) putJson(pre, shown); else put(pre, shown);
    target.append(pre);
    if (!whole) {
      const more = make("button", "muted", `… show all ${text.length.toLocaleString("en")} characters`);
      more.addEventListener("click", () => { pre.replaceChildren(); put(pre, text); more.remove(); });
      target.append(more);
    }
  }

  function pairs(list) {
    const made = make("dl", "");
    for (const [label, value] of list) made.append(make("dt", "", label), put(make("dd", "text"), value));
    return made;
  }

  // ---------------------------------------------------------------- rows

  const app = document.getElementById("app");
  const scroll = make("div", ""), space = make("div", ""), shown = make("div", "");
  scroll.id = "scroll"; space.id = "space"; shown.id = "window";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "tree");
  scroll.setAttribute("aria-label", "spans");
  space.append(shown);
  scroll.append(space);

  function share(ns) { return `${Math.max(0, Math.min(100, 100 * ns / run.length))}%`; }

  function bar(at) {
    const span = spans[at], cell = make("span", "bar");
    if (span[BEGIN] === null || span[LENGTH] === null || !run.length || run.statuses[span[STATUS]][0] === "skipped") return cell;
    const kind = run.kinds[span[KIND]][0], mark = make("i", "");
    if (CONTAINERS.has(kind) && size[at] > 1) mark.className = "thin";
    else if (!(span[FLAGS] & CRITICAL)) mark.className = `medium k-${kind}`;
    else mark.className = `k-${kind}`;
    mark.style.left = share(span[BEGIN]);
    mark.style.width = share(Math.min(span[LENGTH], run.length - span[BEGIN]));
    cell.append(mark);
    return cell;
  }

  function line(at) {
    const span = spans[at], [kind, sign] = run.kinds[span[KIND]], [status, statusSign] = run.statuses[span[STATUS]];
    const isFolded = size[at] > 1 && !folds[at];
    const names = ["row"];
    if (at === selected) names.push("selected");
    if (isHit.has(at)) names.push("hit");
    if (span[FLAGS] & CONTEXT || (chosen.size && !chosen.has(span[KIND]))) names.push("context");
    if (span[FLAGS] & CAUSE || (isFolded && causes[at])) names.push("cause");
    if (status === "error") names.push("failed");
    if (status === "open") names.push("is-open");
    if (size[at] > 1 && folds[at]) names.push("group");
    const made = make("div", names.join(" "));
    made.dataset.at = String(at);
    made.id = `span-${at}`;
    made.setAttribute("role", "treeitem");
    made.setAttribute("aria-level", String(span[DEPTH] + 1));
    made.setAttribute("aria-selected", String(at === selected));
    if (size[at] > 1) made.setAttribute("aria-expanded", String(!isFolded));
    const lane = make("span", "lane", status === "error" || status === "open" || status === "skipped" ? statusSign : "");
    lane.title = status;
    const title = make("span", "title");
    const deep = span[DEPTH] > 30;
    title.append(" ".repeat(2 * Math.min(span[DEPTH], 30)), deep ? `${span[DEPTH]} ` : "");
    title.append(make("span", "fold", size[at] > 1 ? (isFolded ? "▸" : "▾") : ""));
    title.append(make("span", `sign k-${kind}`, sign), make("span", "kind", `${kind} `), make("span", "name", span[NAME]));
    if (isFolded) {
      title.append(make("span", "hidden", `  ${(size[at] - 1).toLocaleString("en")}`));
      if (causes[at]) title.append(make("span", "error", ` ✗${causes[at]}`));
    } else if (span[SUBJECT]) title.append("  ", make("span", "subject", span[SUBJECT]));
    made.append(lane, title);
    for (const [name, index] of [["start", START], ["time", TIME], ["tokens", TOKENS], ["cost", COST]]) {
      made.append(make("span", `figure ${name}`, span[index]));
    }
    made.append(bar(at));
    return made;
  }

  let isPrinting = false;

  function draw() {
    if (isPrinting) return;
    const first = Math.max(0, Math.floor(scroll.scrollTop / ROW) - AROUND);
    const last = Math.min(visible.length, Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW) + AROUND);
    space.style.height = `${visible.length * ROW}px`;
    shown.style.transform = `translateY(${first * ROW}px)`;
    shown.replaceChildren(...visible.slice(first, last).map(line));
    if (selected >= 0) scroll.setAttribute("aria-activedescendant", `span-${selected}`);
  }

  function select(at) {
    selected = at;
    const where = place(at);
    space.style.height = `${visible.length * ROW}px`;
    if (where >= 0) {
      const top = where * ROW, bottom = top + ROW;
      if (top < scroll.scrollTop || bottom > scroll.scrollTop + scroll.clientHeight) {
        scroll.scrollTop = Math.max(0, top - Math.floor(scroll.clientHeight / 3));
      }
    }
    draw();
    show();
  }

  function toggle(at, open) {
    if (size[at] < 2) return;
    folds[at] = open ? 1 : 0;
    if (!open) for (let above = selected; above >= 0; above = parent[above]) if (parent[above] === at) { selected = at; show(); break; }
    look();
    draw();
  }

  // ---------------------------------------------------------------- detail

  const detail = make("section", "");
  detail.id = "detail";
  detail.tabIndex = -1;
  detail.setAttribute("aria-label", "detail");
  const known = new Map();

  function pieceOf(at) {
    let low = 0, high = firsts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (firsts[middle] <= at) low = middle; else high = middle;
    }
    return low;
  }

  function parsed(piece) {
    let found = known.get(piece);
    if (!found) {
      found = JSON.parse(bodies[piece].textContent);
      known.set(piece, found);
      if (known.size > 4) known.delete(known.keys().next().value);
    }
    return found;
  }

  function bodyOf(at) {
    const piece = pieceOf(at);
    return parsed(piece)[at - firsts[piece]];
  }

  function section(title) {
    const made = make("h3", "", title);
    detail.append(made);
    return made;
  }

  function showMessages(messages) {
    section("Messages");
    for (const [role, tool, text, calls] of messages) {
      const made = make("div", "message");
      put(put(made.appendChild(make("div", `role ${role === "assistant" ? "k-llm" : role === "tool" ? "k-tool" : "muted"}`)), role), tool ? ` ${tool}` : "");
      if (text) putValue(made, text);
      for (const [name, given] of calls) {
        const call = make("div", "call");
        put(call.appendChild(make("div", "k-tool")), `■ ${name}`);
        putValue(call, given);
        made.append(call);
      }
      detail.append(made);
    }
  }

  function putEvents(target, events) {
    for (const [kind, type, after, text, attributes] of events) {
      const made = make("div", "event"), first = make("div", kind === "error" ? "error" : kind === "retry" ? "warning" : "");
      put(first, type);
      first.append(make("span", "muted", `  ${after}`));
      made.append(first);
      if (text && text !== type) putValue(made, text);
      if (attributes) putValue(made, attributes);
      target.append(made);
    }
  }

  function show() {
    detail.replaceChildren();
    detail.scrollTop = 0;
    if (selected < 0) { detail.append(make("p", "muted", "No span is selected.")); return; }
    const span = spans[selected], body = bodyOf(selected), [kind, sign] = run.kinds[span[KIND]];
    const title = make("h2", "text");
    title.append(make("span", `k-${kind}`, `${sign} `));
    put(title, span[NAME]);
    const path = [];
    for (let above = parent[selected]; above >= 0 && path.length < 8; above = parent[above]) path.unshift(spans[above][NAME]);
    detail.append(title, make("div", "crumbs text", path.join(" › ")));
    detail.append(put(make("div", "muted text"), body.id));
    if (body.gone) detail.append(make("p", "warning", "Changed on disk: what was recorded of it is gone."));
    if (body.error) {
      const [type, message] = body.error;
      const made = make("div", "");
      made.append(make("span", "error strong", "✗ error "), put(make("span", "error text"), type));
      detail.append(make("br", ""), made);
      if (message) put(detail.appendChild(make("pre", "text strong")), message);
    }
    detail.append(make("br", ""), pairs(body.facts));
    if (body.error && body.error[2]) { section("Traceback"); putValue(detail, body.error[2]); }
    if (body.messages) showMessages(body.messages);
    for (const [name, word] of [["input", "Input"], ["output", "Output"], ["logs", "Logs"]]) {
      if (body[name] !== undefined) { section(word); putValue(detail, body[name]); }
    }
    if (body.events) { section(`Events ${body.events.length}`); putEvents(detail, body.events); }
    if (body.attributes) { section("Attributes"); putValue(detail, body.attributes); }
  }

  // ---------------------------------------------------------------- search

  const box = make("input", ""), told = make("span", "count muted");
  box.type = "search";
  box.placeholder = "/ search names and bodies";
  box.setAttribute("aria-label", "search");
  box.spellcheck = false;
  told.setAttribute("aria-live", "polite");

  function holds(value) {
    if (typeof value === "string") return fold(value).includes(query);
    if (Array.isArray(value)) return value.some(holds);
    return value !== null && typeof value === "object" && Object.values(value).some(holds);
  }

  function tell(isOver) {
    const at = hits.indexOf(selected);
    const many = hits.length.toLocaleString("en") + (isOver ? "" : "…");
    told.textContent = !query ? "" : at >= 0 ? `${at + 1} of ${many}` : isOver && !hits.length ? "not found" : `${many} found`;
  }

  /** Looks through all spans, piece by piece, so that the page goes on; a later search ends an earlier one. */
  async function search(text) {
    const own = ++searching;
    query = text;
    hits = [];
    isHit = new Set();
    if (query) {
      for (let piece = 0; piece < bodies.length; piece++) {
        const found = JSON.parse(bodies[piece].textContent);
        for (let number = 0; number < found.length; number++) {
          const at = firsts[piece] + number;
          if (holds(spans[at][NAME]) || holds(spans[at][SUBJECT]) || holds(found[number])) { hits.push(at); isHit.add(at); }
        }
        tell(false);
        await new Promise((resolve) => setTimeout(resolve));
        if (own !== searching) return false;
      }
    }
    tell(true);
    draw();
    show();
    return true;
  }

  function jump(list, step) {
    if (!list.length) return;
    let next = step > 0 ? list.find((at) => at > selected) : list.findLast((at) => at < selected);
    if (next === undefined) next = step > 0 ? list[0] : list[list.length - 1];
    reveal(next);
    select(next);
    tell(true);
  }

  async function enter(step) {
    if (box.value !== query && !(await search(box.value))) return;
    jump(hits, step);
  }

  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (box.value !== query) search(box.value); }, 200);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); clearTimeout(waiting); enter(event.shiftKey ? -1 : 1); }
    if (event.key === "Escape") { event.preventDefault(); box.value = ""; clearTimeout(waiting); search(""); scroll.focus(); }
  });

  // ---------------------------------------------------------------- head, chips, keys

  const causeRows = [];
  for (let at = 0; at < count; at++) if (spans[at][FLAGS] & CAUSE) causeRows.push(at);

  function head() {
    const made = make("header", "");
    const title = make("h1", "text", run.title);
    const tone = run.status === "error" ? "error" : run.status === "ok" ? "" : "open";
    const first = make("p", "", make("span", "brand", "tracetui  "), title, "  ", make("span", `text ${tone}`, run.lines[0]));
    made.append(first, ...run.lines.slice(1).map((text) => make("p", "text muted", text)));
    if (run.firstCause >= 0) {
      const span = spans[run.firstCause], button = make("button", "error text");
      button.append(`✗ first cause: ${span[NAME]}`);
      button.addEventListener("click", () => { reveal(run.firstCause); select(run.firstCause); });
      made.append(button);
    }
    const about = make("details", "", make("summary", "", "all figures, files, and about this export"));
    about.append(pairs(run.about));
    made.append(about);
    if (run.events.length) {
      const events = make("details", "", make("summary", "", `${run.events.length} events of the run`));
      putEvents(events, run.events);
      made.append(events);
    }
    return made;
  }

  const chips = new Map();

  function buttons() {
    const made = make("div", "");
    made.id = "bar";
    const numbers = new Map();
    for (const span of spans) numbers.set(span[KIND], (numbers.get(span[KIND]) || 0) + 1);
    for (const [number, [kind, sign]] of run.kinds.entries()) {
      if (!numbers.has(number)) continue;
      const chip = make("button", "", make("span", `k-${kind}`, sign), ` ${kind} ${numbers.get(number).toLocaleString("en")}`);
      chip.setAttribute("aria-pressed", "false");
      chip.dataset.kind = kind;
      chip.addEventListener("click", () => { choose(number); });
      chips.set(number, chip);
      made.append(chip);
    }
    const back = make("button", "", "‹"), forth = make("button", "", "›");
    back.title = "previous hit (N)";
    forth.title = "next hit (n)";
    back.addEventListener("click", () => enter(-1));
    forth.addEventListener("click", () => enter(1));
    made.append(box, back, forth, told);
    return made;
  }

  function headings() {
    const made = make("div", "head", make("span", ""), make("span", "", "name"));
    for (const word of ["start", "time", "tokens", "cost"]) made.append(make("span", `figure ${word}`, word));
    const axis = make("span", "bar");
    for (const [at, label] of run.axis) {
      const mark = make("span", "", label);
      mark.style.left = share(at);
      axis.append(mark);
    }
    made.append(axis);
    return made;
  }

  function move(step) {
    if (!visible.length) return;
    const where = selected < 0 ? -1 : place(selected);
    select(visible[Math.max(0, Math.min(visible.length - 1, where + step))]);
    tell(true);
  }

  function all(open) {
    folds.fill(open ? 1 : 0);
    if (!open && selected >= 0) { while (parent[selected] >= 0) selected = parent[selected]; show(); }
    look();
    select(selected);
  }

  function inner(at, open) {
    folds.fill(open ? 1 : 0, at, at + size[at]);
    look();
    draw();
  }

  const page = () => Math.max(1, Math.floor(scroll.clientHeight / ROW) - 1);
  const KEYS = {
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    PageDown: () => move(page()), PageUp: () => move(-page()),
    g: () => move(-count), Home: () => move(-count), G: () => move(count), End: () => move(count),
    l: () => right(), ArrowRight: () => right(), h: () => left(), ArrowLeft: () => left(),
    " ": () => selected >= 0 && toggle(selected, !folds[selected]),
    "*": () => selected >= 0 && inner(selected, !folds[selected]),
    A: () => all(visible.length < count),
    Enter: () => detail.focus(), Escape: () => scroll.focus(),
    "/": () => { box.focus(); box.select(); },
    n: () => enter(1), N: () => enter(-1), e: () => jump(causeRows, 1), E: () => jump(causeRows, -1),
    0: () => choose(null),
  };

  function right() {
    if (selected < 0 || size[selected] < 2) return;
    if (folds[selected]) move(1); else toggle(selected, true);
  }

  function left() {
    if (selected < 0) return;
    if (size[selected] > 1 && folds[selected]) toggle(selected, false);
    else if (parent[selected] >= 0) select(parent[selected]);
  }

  document.addEventListener("keydown", (event) => {
    const here = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || here === box) return;
    if ((event.key === "Enter" || event.key === " ") && (here.tagName === "BUTTON" || here.tagName === "SUMMARY")) return;
    if (here === detail && ["ArrowDown", "ArrowUp", "PageDown", "PageUp", " ", "Home", "End"].includes(event.key)) return;
    const action = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : chipKey(event.key);
    if (action) { event.preventDefault(); action(); }
  });

  function chipKey(key) {
    const numbers = Array.from(chips.keys()), at = "123456789".indexOf(key);
    return key.length === 1 && at >= 0 && at < numbers.length ? () => choose(numbers[at]) : null;
  }

  scroll.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  scroll.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    const at = Number(row.dataset.at);
    if (event.target.classList.contains("fold")) toggle(at, !folds[at]);
    else { select(at); tell(true); }
  });
  scroll.addEventListener("dblclick", (event) => {
    const row = event.target.closest(".row");
    if (row && !event.target.classList.contains("fold")) toggle(Number(row.dataset.at), !folds[Number(row.dataset.at)]);
  });
  window.addEventListener("resize", draw);
  window.addEventListener("beforeprint", () => {
    isPrinting = true;
    shown.replaceChildren(...visible.slice(0, MOST_PRINTED).map(line));
    if (visible.length > MOST_PRINTED) shown.append(make("p", "", `… and ${visible.length - MOST_PRINTED} more rows`));
  });
  window.addEventListener("afterprint", () => { isPrinting = false; draw(); });

  // ---------------------------------------------------------------- begin

  const footer = make("footer", "");
  for (const [keys, word] of [["j k", "move"], ["← →", "fold"], ["enter", "detail"], ["/", "search"], ["n N", "hits"],
    ["e E", "causes"], ["1…9 0", "kinds"], ["A", "all"], ["g G", "ends"]]) {
    footer.append(make("b", "", keys), ` ${word}  `);
  }
  const tree = make("div", "", headings(), scroll);
  tree.id = "tree";
  app.append(head(), buttons(), make("main", "", tree, detail), footer);
  app.hidden = false;
  look();
  if (run.firstCause >= 0) { reveal(run.firstCause); select(run.firstCause); } else select(count ? 0 : -1);
  scroll.focus({ preventScroll: true });
})();
