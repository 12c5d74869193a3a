"use strict";
// Grids as text ("012/340") → canvases, drawn when they come into view, and again when colours change.
const NAMES = ["black", "blue", "red", "green", "yellow", "grey", "magenta", "orange", "azure", "maroon"];
let palette = DATA.palettes.arc;

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    seen.unobserve(entry.target);
    entry.target.drawn = true;
    draw(entry.target);
  }
}, { rootMargin: "300px" });

// side: pixels of the longer side; against: a grid whose cells are marked where this one differs.
function gridOf(text, { side = 96, label = "grid", against = null } = {}) {
  if (text === null || text === undefined) {
    const nothing = h("div", { class: "nothing" }, "no grid");
    nothing.style.width = nothing.style.height = Math.min(side, 80) + "px";
    return nothing;
  }
  const rows = text.split("/");
  const cell = Math.max(1, side / Math.max(rows.length, rows[0].length));
  const size = rows.length + " × " + rows[0].length;
  const canvas = h("canvas", { class: "grid", role: "img", "aria-label": label + ", " + size + " cells" });
  canvas.style.width = Math.round(cell * rows[0].length) + "px";
  canvas.style.height = Math.round(cell * rows.length) + "px";
  Object.assign(canvas, { rows, cell, against: against === null ? null : against.split("/") });
  seen.observe(canvas);
  return canvas;
}

function draw(canvas) {
  const { rows, against } = canvas;
  const dense = window.devicePixelRatio || 1;
  const size = Math.max(1, Math.round(canvas.cell * dense));
  const line = size >= 6 ? Math.max(1, Math.round(size / 16)) : 0;
  // Whole pixels for every cell, and lines between cells alone.
  canvas.width = rows[0].length * size - line;
  canvas.height = rows.length * size - line;
  canvas.style.width = canvas.width / dense + "px";
  canvas.style.height = canvas.height / dense + "px";
  const to = canvas.getContext("2d");
  to.fillStyle = "#555";
  to.fillRect(0, 0, canvas.width, canvas.height);
  const alike = against && against.length === rows.length && against[0].length === rows[0].length;
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      to.fillStyle = palette[row.charCodeAt(x) - 48];
      to.fillRect(x * size, y * size, size - line, size - line);
      if (alike && against[y][x] !== row[x]) mark(to, x * size, y * size, size - line, palette[row.charCodeAt(x) - 48]);
    }
  });
}

// A dot in the middle, dark on light colours and light on dark ones.
function mark(to, x, y, size, colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  to.fillStyle = 0.3 * red + 0.59 * green + 0.11 * blue > 120 ? "rgb(0 0 0 / .75)" : "rgb(255 255 255 / .85)";
  const width = Math.max(1, Math.round(size * 0.26));
  const at = Math.floor((size - width) / 2);
  to.fillRect(x + at, y + at, width, width);
}

// Paper has no view to come into.
function drawAll() {
  for (const canvas of document.querySelectorAll("canvas.grid")) {
    seen.unobserve(canvas);
    canvas.drawn = true;
    draw(canvas);
  }
}
addEventListener("beforeprint", drawAll);

function recolour(name) {
  palette = DATA.palettes[name] || DATA.palettes.arc;
  for (const canvas of document.querySelectorAll("canvas.grid")) if (canvas.drawn) draw(canvas);
}

// Share of right cells; 0 where the sizes differ.
function similarity(one, other) {
  if (!one || !other || one.length !== other.length) return 0;
  let right = 0, cells = 0;
  for (let i = 0; i < one.length; i++) {
    if ((one[i] === "/") !== (other[i] === "/")) return 0;
    if (one[i] === "/") continue;
    cells++;
    right += one[i] === other[i];
  }
  return right / cells;
}
