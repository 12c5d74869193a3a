"use strict";
// The programs of all tasks: searched in their source, by how they ended, and whether they were learned from.
const AT_ONCE = 40;
let all = null, showing = 0;

async function everyProgram() {
  if (all && all.run === now.run) return all;
  const found = { run: now.run, list: [] };
  for (let i = 0; i < DATA.tasks.length; i++) {
    const task = await piece(i), told = task.runs[found.run];
    if (told) for (const program of told.programs) found.list.push({ task, told, program });
    if (i % 50 === 49) field("program-count").value = "reading " + (i + 1) + " of " + DATA.tasks.length + " tasks …";
  }
  all = found;
  const names = [...new Set(found.list.map((one) => one.program.status))].sort();
  const chosen = field("program-status").value;
  field("program-status").replaceChildren(h("option", { value: "" }, "any way"), ...names.map((name) => h("option", { value: name, selected: name === chosen }, name.replaceAll("_", " "))));
  return found;
}

async function showPrograms() {
  const mine = ++showing;
  const { list } = await everyProgram();
  if (mine !== showing) return;
  const text = field("program-search").value.toLowerCase(), status = field("program-status").value, trained = field("program-trained").checked;
  const chosen = list.filter(({ program }) => (!status || program.status === status) && (!trained || program.trained) && program.source.toLowerCase().includes(text));
  chosen.sort((a, b) => b.program.pixels - a.program.pixels);
  field("program-count").value = chosen.length.toLocaleString("en") + " of " + plural(list.length, "program");
  paged(field("program-list"), chosen, AT_ONCE, ({ task, told, program }) => {
    const made = programOf(task, told, program);
    made.firstChild.prepend(h("span", {}, task.id));
    made.addEventListener("toggle", () => made.append(h("p", {}, h("a", { href: "#/task/" + encodeURIComponent(task.id) }, "Open the task " + task.id))), { once: true });
    return made;
  });
}

let waiting = 0;
field("program-filters").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(showPrograms, 120); });
field("program-filters").addEventListener("submit", (event) => event.preventDefault());
