"use strict";
// The best program so far, round after round, beside what is asked for: the picture in which one sees learning happen.

// A frame for every round; of very many, those where something changed.
function framesOf(told, rounds) {
  if (!told.film.length) return [];
  const frames = [];
  let at = -1;
  for (let round = 0; round < rounds; round++) {
    const changed = at + 1 < told.film.length && told.film[at + 1].round === round;
    if (changed) at++;
    if (at >= 0) frames.push({ ...told.film[at], round, changed });
  }
  return frames.length > 14 ? frames.filter((frame, i) => frame.changed || i === frames.length - 1) : frames;
}

// What is asked for in a pair: a train output, or the answer of a test input where it is known.
function targetOf(task, pair) {
  return pair < task.train.length ? task.train[pair][1] : task.answers ? task.answers[pair - task.train.length] : null;
}

const pairName = (task, pair) => (pair < task.train.length ? "Train " + (pair + 1) : "Test " + (pair - task.train.length + 1));

function strip(task, told, rounds, { pair = 0, side = 132, current = null, pick = null } = {}) {
  const target = targetOf(task, pair);
  const frames = framesOf(told, rounds);
  const shown = frames.map((frame, i) => {
    const output = told.programs[frame.program].outputs[pair];
    const right = target ? percent(similarity(output, target)) + " right" : "";
    const label = "the best program's output after round " + (frame.round + 1);
    const picture = h("figure", {}, gridOf(output, { side, label, against: target }), h("figcaption", {}, h("b", {}, "Round " + (frame.round + 1)), h("br"), frame.changed ? right : right + ", as before"));
    const inside = pick ? h("button", { type: "button", "aria-current": i === current ? "step" : null, "aria-label": "Round " + (frame.round + 1) + ", " + right, onclick: () => pick(i) }, picture) : picture;
    return h("li", { class: frame.changed ? "" : "same" }, inside);
  });
  if (!shown.length) shown.push(h("li", {}, h("p", { class: "note" }, "No program yet.")));
  if (target) shown.push(h("li", { class: "target" }, h("figure", {}, gridOf(target, { side, label: "what is asked for" }), h("figcaption", {}, h("b", {}, "Asked for"), h("br"), pairName(task, pair)))));
  return h("ol", { class: "strip", tabindex: "0", "aria-label": "Film, " + pairName(task, pair) }, shown);
}

// The films at the head of the page: of one run one task after another, of several each task in all of them.
async function leads(place) {
  const films = [];
  for (const id of DATA.lead) {
    const number = DATA.tasks.findIndex((task) => task.id === id);
    const task = await piece(number);
    const reels = DATA.firsts.map((run) => {
      const told = task.runs[run];
      if (!told || !told.film.length) return null;
      const several = DATA.firsts.length > 1;
      return h("div", { class: "reel" }, several ? h("h3", {}, DATA.runs[run].name) : null, strip(task, told, DATA.runs[run].rounds, { side: several ? 104 : 132 }));
    });
    if (reels.some(Boolean)) films.push(h("article", { class: "film" }, h("header", {}, h("b", {}, id), badge(DATA.tasks[number].runs[DATA.firsts.at(-1)]), h("a", { href: "#/task/" + encodeURIComponent(id) }, "Open the task " + id)), reels));
  }
  if (!films.length) return;
  place.replaceChildren(h("h2", {}, "The best program after each round"), h("p", { class: "note" }, "A dot marks a cell that is not as asked for."), h("div", { class: "films" }, films));
}

function badge(summary) {
  if (!summary) return null;
  return h("span", { class: "badge " + summary.state }, { solved: "solved", nearly: "nearly", not: "not solved" }[summary.state]);
}
