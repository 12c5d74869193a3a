"use strict";
// Which page is shown, in which colours; and, on a served page, whether there is more.
const now = { run: DATA.firsts.at(-1), task: null, page: "" };

// A page from a file may have no storage; then choices last as long as the page does.
const stored = { get(name) { try { return localStorage.getItem("arcloop-" + name); } catch { return null; } }, set(name, value) { try { localStorage.setItem("arcloop-" + name, value); } catch { /* as above */ } } };

const system = matchMedia("(prefers-color-scheme: dark)");
function setTheme() {
  const chosen = field("theme").value;
  document.documentElement.dataset.theme = chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
  drawCharts();
}

function drawCharts() {
  if (now.page === "task" && now.task) showTask(now.task);
  if (now.page !== "overview") return;
  for (const figure of document.querySelectorAll("#overview figure[data-chart]")) {
    const part = figure.closest(".of-run");
    if (part && part.hidden) continue;
    DRAWN[figure.dataset.chart](figure, part && DATA.runs[Number(part.dataset.run)]);
  }
}

function setRun() {
  now.run = field("run") ? Number(field("run").value) : 0;
  for (const part of document.querySelectorAll(".of-run")) part.hidden = Number(part.dataset.run) !== now.run;
  open();
}

function open() {
  const [, page = "", id = ""] = location.hash.split("/");
  const moved = now.page !== "" && (now.page !== page || now.task !== id);
  now.page = { tasks: "tasks", task: "task", programs: "programs" }[page] || "overview";
  try { now.task = decodeURIComponent(id); } catch { now.task = id; }
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== now.page;
  const current = { overview: "#/", tasks: "#/tasks", task: "#/tasks", programs: "#/programs" }[now.page];
  for (const link of document.querySelectorAll("nav a")) link.getAttribute("href") === current ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  if (now.page === "tasks") showTasks();
  if (now.page === "task") showTask(now.task);
  if (now.page === "programs") showPrograms();
  if (now.page === "overview") drawCharts();
  if (moved) scrollTo(0, 0);
}

// The link for those who skip the menu leads to the content of this page, not to another one.
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); field("main").focus(); });
addEventListener("hashchange", open);
addEventListener("keydown", (event) => {
  if (now.page !== "task" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, .source")) return;
  const at = DATA.tasks.findIndex((task) => task.id === now.task);
  if (event.key === "ArrowLeft" && step) step(-1);
  else if (event.key === "ArrowRight" && step) step(1);
  else if (event.key === "j" && DATA.tasks[at + 1]) go(DATA.tasks[at + 1].id);
  else if (event.key === "k" && DATA.tasks[at - 1]) go(DATA.tasks[at - 1].id);
  else if (event.key === "Escape") location.hash = "#/tasks";
  else return;
  event.preventDefault();
});

field("theme").value = stored.get("theme") || "auto";
field("palette").value = stored.get("palette") || "arc";
field("theme").addEventListener("change", () => { stored.set("theme", field("theme").value); setTheme(); });
field("palette").addEventListener("change", () => { stored.set("palette", field("palette").value); recolour(field("palette").value); });
system.addEventListener("change", setTheme);
if (field("run")) {
  field("run").value = String(now.run);
  field("run").addEventListener("change", setRun);
}
recolour(field("palette").value);
setTheme();
setRun();
leads(field("lead")).then(() => { document.documentElement.dataset.ready = "yes"; });

if (DATA.live) {
  // What was stored while the page was made is newer than the page.
  const version = DATA.live;
  const ask = async () => {
    try {
      const state = await (await fetch("state")).json();
      field("live").textContent = state.line;
      if (version !== state.version) return location.reload();
      if (state.finished) return;
    } catch {
      field("live").textContent = "The server of this page has ended; what is shown is the last that it said.";
    }
    setTimeout(ask, 2000);
  };
  ask();
}
