"use strict";
// One task: its pairs, the attempts, the film with the programs behind it, their scores, where they came from.
const TURNS = ["as it is", "a quarter turn", "a half turn", "three quarter turns", "mirrored at the diagonal", "mirrored, a quarter turn", "mirrored, a half turn", "mirrored, three quarter turns"];
let step = null;

async function showTask(id) {
  const number = DATA.tasks.findIndex((task) => task.id === id);
  const place = field("task");
  step = null;
  if (number < 0) return place.replaceChildren(h("h1", {}, "No such task"), h("a", { href: "#/tasks" }, "All tasks"));
  const task = await piece(number);
  if (now.task !== id) return;
  const told = task.runs[now.run];
  const side = (other, text) => h("button", { type: "button", disabled: !DATA.tasks[other], onclick: () => go(DATA.tasks[other].id) }, text);
  const summary = DATA.tasks[number].runs[now.run];
  place.replaceChildren(
    h("div", { class: "crumbs" }, h("a", { href: "#/tasks" }, "All tasks"), h("div", { class: "sides" }, side(number - 1, "Previous (k)"), side(number + 1, "Next (j)"))),
    h("div", { class: "title" }, h("h1", {}, id), badge(summary)),
    h("p", { class: "lede" }, told ? plural(told.perfect, "program") + " of " + told.sampled.toLocaleString("en") + (told.perfect === 1 ? " is" : " are") + " right on all train pairs." : "Not in this run."),
    h("h2", {}, "The pairs"),
    h("div", { class: "pairs" }, task.train.map(([input, output], i) => pairOf("Train " + (i + 1), input, output))));
  if (!told) return;
  place.append(h("h2", {}, "The attempts"), h("div", { class: "pairs" }, task.test.map((input, i) => attempts(task, told, input, i))));
  place.append(h("h2", {}, "The film"), filmOf(task, told));
  others(place, task);
  const scores = h("figure", { class: "chart scores" });
  place.append(h("h2", {}, "Its programs"), scores);
  scoreStrip(scores, told, DATA.runs[now.run].rounds);
  const statuses = Object.entries(told.statuses).sort((a, b) => b[1] - a[1]).map(([name, count]) => count.toLocaleString("en") + " " + name.replaceAll("_", " ")).join(", ");
  place.append(h("p", { class: "note" }, "How they ended: " + (statuses || "there is none yet") + ". Shown are the " + told.programs.length + " that tell most, the best first."));
  place.append(paged(h("div"), told.programs, 12, (program) => programOf(task, told, program)));
}

const go = (id) => { location.hash = "#/task/" + encodeURIComponent(id); };
// Two grids and an arrow fit on a phone.
const sideOf = (...grids) => Math.min((innerWidth - 90) / 2, Math.max(...grids.map((grid) => grid.split("/").length)) > 12 ? 170 : 124);

function pairOf(name, input, output) {
  const side = sideOf(input, output);
  return h("div", {}, h("div", { class: "pair" }, gridOf(input, { side, label: name + " input" }), h("span", { class: "arrow", "aria-hidden": "true" }, "→"), gridOf(output, { side, label: name + " output" })), h("p", { class: "hint" }, name));
}

function attempts(task, told, input, i) {
  const answer = task.answers && task.answers[i], entry = told.attempts[i], side = sideOf(input);
  const one = (grid, k) => {
    const right = answer ? grid === answer : null;
    const caption = h("figcaption", {}, "attempt " + (k + 1), right === null ? null : [h("br"), h("span", { class: "badge " + (right ? "solved" : "") }, right ? "✓ right" : percent(similarity(grid, answer)) + " of the cells")], entry.votes[k] ? null : [h("br"), "a stand-in"]);
    return h("figure", {}, gridOf(grid, { side, label: "attempt " + (k + 1), against: answer }), caption);
  };
  const verdict = told.hits === null ? "" : told.hits[i] ? " ✓ solved" : " ✗ not solved";
  return h("div", {}, h("div", { class: "pairs" },
    h("figure", {}, gridOf(input, { side, label: "test input " + (i + 1) }), h("figcaption", {}, "test input " + (i + 1) + verdict)),
    entry.grids.map(one),
    answer ? h("figure", {}, gridOf(answer, { side, label: "the expected grid" }), h("figcaption", {}, "expected")) : null));
}

function filmOf(task, told) {
  const rounds = DATA.runs[now.run].rounds, frames = framesOf(told, rounds);
  if (!frames.length) return h("p", { class: "note" }, "No program yet.");
  const count = task.train.length + (task.answers ? task.test.length : 0);
  let at = frames.length - 1, pair = 0;
  const to = (i) => { at = Math.min(frames.length - 1, Math.max(0, i)); show(); };
  // The controls stay the same elements, so that they keep the focus, and a drag goes on.
  const earlier = h("button", { type: "button", class: "back", onclick: () => to(at - 1) }, "◀ Earlier");
  const later = h("button", { type: "button", class: "on", onclick: () => to(at + 1) }, "Later ▶");
  const slider = h("input", { type: "range", min: 1, max: frames.length, "aria-label": "Frame of the film", oninput: () => to(slider.value - 1) });
  const tabs = Array.from({ length: count }, (_, i) => h("button", { type: "button", onclick: () => { pair = i; show(); } }, pairName(task, i)));
  const reel = h("div"), split = h("div", { class: "split" });
  const place = h("div", {}, reel, h("div", { class: "stepper" }, earlier, slider, later, h("div", { class: "tabs" }, tabs)), split);
  const show = () => {
    const inStrip = reel.contains(document.activeElement);
    const frame = frames[at], program = told.programs[frame.program];
    const shown = strip(task, told, rounds, { pair, side: 150, current: at, pick: to });
    const before = [...frames].slice(0, at).reverse().find((one) => one.program !== frame.program);
    reel.replaceChildren(shown);
    split.replaceChildren(
      h("div", {}, h("p", { class: "note", role: "status" }, "Round " + (frame.round + 1) + ": " + wordsOf(program) + (before && frame.changed ? ", with what changed since round " + (before.round + 1) : "") + "."), before && frame.changes ? diff(told.programs[before.program].source, program.source, frame.changes) : sourceOf(program.source)),
      h("div", {}, h("h3", {}, "Where it comes from"), lineage(told, program)));
    slider.value = at + 1;
    slider.setAttribute("aria-valuetext", "round " + (frame.round + 1));
    tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", String(i === pair)));
    const pressed = document.activeElement;
    earlier.disabled = at === 0;
    later.disabled = at === frames.length - 1;
    if (pressed === earlier && earlier.disabled) later.focus();
    if (pressed === later && later.disabled) earlier.focus();
    const current = shown.querySelector("[aria-current]");
    if (current) shown.scrollLeft = current.parentNode.offsetLeft - shown.offsetLeft - 40;
    if (inStrip) current?.focus({ preventScroll: true });
  };
  step = (by) => to(at + by);
  show();
  return place;
}

// The same task in the other runs.
function others(place, task) {
  const there = DATA.firsts.filter((run) => run !== now.run && task.runs[run] && task.runs[run].film.length);
  for (const run of DATA.firsts.length > 1 ? there : []) place.append(h("div", { class: "reel other" }, h("h3", {}, "In " + DATA.runs[run].name), strip(task, task.runs[run], DATA.runs[run].rounds, { side: 104 })));
}

function wordsOf(program) {
  const right = program.correct.filter(Boolean).length;
  return right + " of " + program.correct.length + " train grids right, " + percent(program.pixels) + " of the cells";
}

// A program, then the one that its prompt showed, and so on.
function lineage(told, program) {
  const rows = [], seen = new Set();
  for (let one = program; one && !seen.has(one.id); one = told.programs.find((other) => other.content === one.parent)) {
    seen.add(one.id);
    rows.push(h("dl", { class: "facts" }, facts(one).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
  }
  return h("div", {}, rows);
}

function facts(program) {
  const moved = [...program.colors].map(Number).map((to, from) => (to === from ? null : NAMES[from] + " → " + NAMES[to])).filter(Boolean);
  return [
    ["round", String(program.round + 1)],
    ["draw", program.id],
    ["task was shown", TURNS[program.turned] + (moved.length ? ", recoloured" : "")],
    ...(moved.length ? [["colours", moved.join(", ")]] : []),
    ["parent", program.parent ? program.parent : "none: written from the task alone"],
    ["learned from", program.trained ? "yes" : "no"],
  ];
}

function programOf(task, told, program) {
  const made = h("details", { class: "program" }, h("summary", {}, h("b", {}, "round " + (program.round + 1)), h("span", {}, program.status === "ok" ? wordsOf(program) : program.status.replaceAll("_", " ") + (program.error ? ": " + program.error : "")), program.trained ? h("span", { class: "badge" }, "learned from") : null));
  // Only what is opened is drawn.
  made.addEventListener("toggle", () => {
    if (!made.open || made.children.length > 1) return;
    const outputs = program.outputs.map((output, pair) => h("figure", {}, gridOf(output, { side: 88, label: "output, " + pairName(task, pair), against: targetOf(task, pair) }), h("figcaption", {}, pairName(task, pair))));
    made.append(h("div", { class: "outputs pairs" }, outputs), sourceOf(program.source), program.cut ? h("p", { class: "note" }, "… and " + plural(program.cut, "character") + " more.") : "", lineage(told, program));
  });
  return made;
}

const grammar = Prism.languages.python;

// Highlighted lines. Prism's tokens become elements whose text is text.
function linesOf(source) {
  const lines = [[]];
  const put = (text, kind) => text.split("\n").forEach((part, i) => {
    if (i) lines.push([]);
    if (part) lines.at(-1).push(kind ? h("span", { class: "token " + kind }, part) : part);
  });
  const walk = (token, kind) => {
    if (typeof token === "string") put(token, kind);
    else for (const inner of [token.content].flat()) walk(inner, token.type);
  };
  for (const token of Prism.tokenize(source, grammar)) walk(token, "");
  if (!lines.at(-1).length && lines.length > 1) lines.pop();
  return lines;
}

const rowOf = (parts, kind, mark) => h("span", { class: "row " + kind, "data-mark": mark }, parts.length ? parts : " ");

function sourceOf(source) {
  return h("div", { class: "source", tabindex: "0", role: "region", "aria-label": "source of the program" }, linesOf(source).map((parts) => rowOf(parts, "", " ")));
}

function diff(before, after, changes) {
  const [old, fresh] = [linesOf(before), linesOf(after)], rows = [];
  let at = 0;
  for (const [a, b, c, d] of changes) {
    for (; at < c; at++) rows.push(rowOf(fresh[at] || [], "", " "));
    for (let i = a; i < b; i++) rows.push(rowOf(old[i] || [], "del", "−"));
    for (; at < d; at++) rows.push(rowOf(fresh[at] || [], "add", "+"));
  }
  for (; at < fresh.length; at++) rows.push(rowOf(fresh[at], "", " "));
  return h("div", { class: "source", tabindex: "0", role: "region", "aria-label": "source of the program, with what changed" }, rows);
}
