"use strict";
// All tasks as cards: filtered, sorted, walked over with the arrow keys.
const field = (id) => document.getElementById(id);

function card(task) {
  const of = task.runs[now.run];
  const found = of.found === null ? "" : ", round " + (of.found + 1);
  const bar = h("i");
  bar.style.width = 100 * of.pixels + "%";
  return h("a", { class: "card", href: "#/task/" + encodeURIComponent(task.id), "data-state": of.state },
    h("div", { class: "two" }, gridOf(task.target, { side: 74, label: "asked for" }), gridOf(of.best, { side: 74, label: "the best program's output", against: task.target })),
    h("div", { class: "who", title: task.id }, task.id),
    h("div", { class: "bar", "aria-hidden": "true" }, bar),
    h("div", { class: "how" }, badge(of), h("small", {}, percent(of.pixels) + " of the cells" + found)));
}

function chosenTasks() {
  const text = field("task-search").value.trim().toLowerCase(), state = field("task-state").value, order = field("task-order").value;
  const of = (task) => task.runs[now.run];
  const chosen = DATA.tasks.filter((task) => of(task) && task.id.toLowerCase().includes(text) && (!state || of(task).state === state));
  const keys = { id: (task) => task.id, cells: (task) => task.cells, score: (task) => [-of(task).right, -of(task).pixels], found: (task) => of(task).found ?? Infinity };
  const key = keys[order];
  const less = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  if (key) chosen.sort((a, b) => { const [x, y] = [[key(a)].flat(), [key(b)].flat()]; return less(x[0], y[0]) || less(x[1], y[1]) || 0; });
  return chosen;
}

function showTasks() {
  const chosen = chosenTasks();
  field("task-count").value = chosen.length + " of " + plural(DATA.tasks.length, "task");
  field("cards").replaceChildren(...chosen.map(card));
}

field("task-filters").addEventListener("input", showTasks);
field("task-filters").addEventListener("submit", (event) => event.preventDefault());
field("cards").addEventListener("keydown", (event) => {
  const cards = [...field("cards").children], at = cards.indexOf(document.activeElement);
  if (at < 0) return;
  const across = getComputedStyle(field("cards")).gridTemplateColumns.split(" ").length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
  if (step === undefined || !cards[at + step]) return;
  event.preventDefault();
  cards[at + step].focus();
});
