"use strict";
// Numbers → charts, by Chart.js. Colours are those of Okabe and Ito, told apart with every kind of colour blindness.
const LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a", "#b8a900"];
const charts = new Map();
const inDark = () => document.documentElement.dataset.theme === "dark";
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const faded = (colour, share) => colour + Math.round(255 * share).toString(16).padStart(2, "0");

function plot(figure, title, note, says, config) {
  charts.get(figure)?.destroy();
  const canvas = h("canvas", { role: "img", "aria-label": title + ": " + says });
  figure.replaceChildren(h("figcaption", {}, title, h("span", {}, note)), h("div", { class: "plot" }, canvas));
  const grid = { color: ink("faint"), drawTicks: false };
  const ticks = { color: ink("soft"), padding: 6, font: { size: 11 }, maxRotation: 0 };
  const options = config.options || {};
  for (const [name, scale] of Object.entries(options.scales || {})) {
    scale.grid = { ...grid, display: name === "y", ...scale.grid };
    scale.border = { color: ink("line"), display: name === "x" };
    scale.ticks = { ...ticks, ...scale.ticks };
    if (scale.title) scale.title = { display: true, color: ink("soft"), font: { size: 11 }, ...scale.title };
  }
  options.animation = false;
  options.maintainAspectRatio = false;
  options.interaction ||= { mode: "nearest", axis: "x", intersect: false };
  options.plugins = { legend: { position: "bottom", align: "start", labels: { color: ink("soft"), boxWidth: 14, boxHeight: 2, font: { size: 11 }, filter: (item) => !item.text.startsWith("_") } }, ...options.plugins };
  charts.set(figure, new Chart(canvas, { ...config, options }));
}

const shares = { min: 0, ticks: { callback: (value) => Math.round(100 * value) + " %" } };
const line = (label, colour, data, more = {}) => ({ label, data, borderColor: colour, backgroundColor: colour, borderWidth: 2, pointRadius: data.length > 25 ? 0 : 2.5, tension: 0, ...more });
const numbered = (values) => values.map((y, x) => ({ x: x + 1, y }));
const whole = { type: "linear", ticks: { stepSize: 1, precision: 0, maxTicksLimit: 12 }, title: { text: "round" } };

const DRAWN = {
  passes(figure, run) {
    const curves = run.passes, all = curves.at(-1) || [];
    if (!all.length) return nothing(figure, run.curve, "nothing sampled yet");
    const count = curves.length - 1;
    const xy = (curve, at) => curve.map((point) => ({ x: point[0], y: point[at] }));
    const bare = { borderWidth: 0, pointRadius: 0 };
    const rounds = count < 2 ? [] : curves.slice(0, -1).filter((_, i) => count <= 6 || i === 0 || i === count - 1 || i === Math.floor(count / 2));
    const label = (curve) => "round " + (curves.indexOf(curve) + 1);
    plot(figure, run.curve, "share of tasks, over k programs; the band is a 95 % interval", percent(all[0][1]) + " with one program, " + percent(all.at(-1)[1]) + " with " + all.at(-1)[0], {
      type: "line",
      data: { datasets: [
        line("_low", LINES[0], xy(all, 2), bare),
        line("_high", LINES[0], xy(all, 3), { ...bare, fill: "-1", backgroundColor: faded(LINES[0], 0.16) }),
        line("run", LINES[0], xy(all, 1), { borderWidth: 2.5, pointRadius: 0 }),
        ...rounds.map((curve, i) => line(label(curve), LINES[1 + (i % 7)], xy(curve, 1), { borderWidth: 1.5, pointRadius: 0, borderDash: [4, 3] })),
      ] },
      options: {
        scales: { x: { type: "logarithmic", title: { text: "programs" }, ticks: { callback: (value) => (Number.isInteger(Math.log2(value)) ? value : ""), autoSkip: false } }, y: { ...shares } },
        plugins: { tooltip: { filter: (item) => !item.dataset.label.startsWith("_"), callbacks: { label: (item) => item.dataset.label + ": " + percent(item.parsed.y, 1) } } },
      },
    });
  },
  seconds(figure, run) {
    const [search, learn] = [0, 1].map((part) => run.seconds.map((both) => both[part]));
    const total = (values) => Math.round(values.reduce((a, b) => a + b, 0));
    plot(figure, "What the time went into", "seconds of each round", total(search) + " seconds of search, " + total(learn) + " of learning", {
      type: "bar",
      data: { labels: search.map((_, i) => i + 1), datasets: [{ label: "search", data: search, backgroundColor: LINES[0] }, { label: "learning", data: learn, backgroundColor: LINES[4] }] },
      options: { scales: { x: { stacked: true, title: { text: "round" } }, y: { stacked: true, beginAtZero: true } }, datasets: { bar: { maxBarThickness: 46 } } },
    });
  },
  health(figure, run) {
    const names = Object.keys(run.health);
    const says = names.map((name) => name + " from " + percent(run.health[name][0] || 0) + " to " + percent(run.health[name].at(-1) || 0)).join(", ");
    plot(figure, "Health", "what the programs of each round are like", says, {
      type: "line",
      data: { datasets: names.map((name, i) => line(name, LINES[i], numbered(run.health[name]))) },
      options: { scales: { x: { ...whole, min: 1, max: Math.max(2, run.rounds) }, y: { ...shares, max: 1 } }, plugins: { tooltip: { callbacks: { label: (item) => item.dataset.label + ": " + percent(item.parsed.y, 1) } } } },
    });
  },
  losses(figure, run) {
    if (!run.losses.length) return nothing(figure, "Loss", "nothing was learned");
    let mean = run.losses[0][2], round = -1;
    const smooth = run.losses.map(([of, step, loss]) => {
      // A new learning begins anew, and is not smoothed over its beginning.
      mean = of === round ? 0.9 * mean + 0.1 * loss : loss;
      round = of;
      return { x: step, y: mean };
    });
    const begins = run.losses.filter(([of], i) => i && run.losses[i - 1][0] !== of).map(([, step]) => step);
    const thin = { borderWidth: 0, pointRadius: 1.2, showLine: false };
    plot(figure, "Loss", "nats per token over all rounds, smoothed; a stroke where a new learning begins", "from " + smooth[0].y.toFixed(3) + " to " + smooth.at(-1).y.toFixed(3), {
      type: "line",
      data: { datasets: [line("smoothed", LINES[0], smooth, { pointRadius: 0 }), line("each step", faded(LINES[0], 0.35), run.losses.map(([, x, y]) => ({ x, y })), thin)] },
      options: { scales: { x: { type: "linear", title: { text: "optimizer step" }, ticks: { precision: 0, maxTicksLimit: 8 } }, y: { min: 0 } } },
      plugins: [strokes(begins)],
    });
  },
  found(figure) {
    const names = Object.keys(DATA.compared);
    const ends = names.map((name) => name + " " + percent(DATA.compared[name].at(-1)[1])).join(", ");
    plot(figure, "Tasks with a right program", "over the programs sampled for each, in the order in which they were", ends, {
      type: "line",
      data: { datasets: names.map((name, i) => line(name, LINES[i % LINES.length], DATA.compared[name].map(([x, y]) => ({ x, y })), { stepped: true, pointRadius: 0, borderWidth: 2.5 })) },
      options: { scales: { x: { type: "linear", title: { text: "programs for each task" } }, y: { ...shares } }, plugins: { tooltip: { callbacks: { label: (item) => item.dataset.label + ": " + percent(item.parsed.y, 1) } } } },
    });
  },
};

const strokes = (places) => ({
  id: "strokes",
  beforeDatasetsDraw({ ctx, chartArea: { top, bottom }, scales: { x } }) {
    ctx.save();
    ctx.strokeStyle = ink("line");
    ctx.beginPath();
    for (const place of places) { ctx.moveTo(x.getPixelForValue(place), top); ctx.lineTo(x.getPixelForValue(place), bottom); }
    ctx.stroke();
    ctx.restore();
  },
});

function nothing(figure, title, why) {
  figure.replaceChildren(h("figcaption", {}, title, h("span", {}, why)));
}

// The programs of a task by their score, round after round: a bubble for each fiftieth, its area for how many they are.
function scoreStrip(figure, told, rounds) {
  const most = Math.max(1, ...told.scores.map((one) => one[2]));
  const best = [];
  for (let round = 0, top = 0; round < rounds; round++) {
    for (const [of, score] of told.scores) if (of === round) top = Math.max(top, score);
    best.push({ x: round + 1, y: top });
  }
  plot(figure, "Scores of its programs", "share of right cells, round after round; the line is the best so far", "the best goes from " + percent(best[0]?.y || 0) + " to " + percent(best.at(-1)?.y || 0), {
    type: "line",
    data: { datasets: [
      line("best so far", LINES[1], best, { stepped: true, pointRadius: 0 }),
      { type: "bubble", label: "programs", data: told.scores.map(([round, y, n]) => ({ x: round + 1, y, r: 2 + 9 * Math.sqrt(n / most), n })), backgroundColor: faded(LINES[0], 0.35), borderWidth: 0 },
    ] },
    options: {
      interaction: { mode: "nearest", intersect: true },
      scales: { x: { ...whole, min: 0.5, max: rounds + 0.5, ticks: { ...whole.ticks, callback: (v) => (Number.isInteger(v) ? v : "") } }, y: { ...shares, max: 1.02, ticks: { callback: (v) => (v > 1 ? "" : Math.round(100 * v) + " %") } } },
      plugins: { tooltip: { callbacks: { label: (item) => (item.raw.n ? plural(item.raw.n, "program") + " at " : "best ") + percent(item.parsed.y) } } },
    },
  });
}
