"use strict";
// What the page knows: the index at once, the piece of a task when it is first looked at.
const DATA = JSON.parse(document.getElementById("index").textContent);
const pieces = new Map();

function piece(number) {
  if (!pieces.has(number)) pieces.set(number, inflated(document.getElementById("piece-" + number).textContent));
  return pieces.get(number);
}

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

// Nearly all is not all.
const percent = (share, digits = 0) => (share < 1 && 100 * share >= 99.5 ? Math.min(99.9, 100 * share).toFixed(1) : (100 * share).toFixed(digits)) + " %";
const plural = (count, noun) => count.toLocaleString("en") + " " + noun + (count === 1 ? "" : "s");

// An element. Text becomes text: nothing here reads HTML.
function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// Some of a list, and a button for more.
function paged(place, list, size, make) {
  let shown = 0;
  const more = h("button", { type: "button", onclick: () => next() });
  const next = () => {
    more.remove();
    place.append(...list.slice(shown, shown + size).map(make));
    shown += size;
    more.textContent = "Show more (" + (list.length - shown).toLocaleString("en") + ")";
    if (shown < list.length) place.append(more);
  };
  place.replaceChildren();
  next();
  return place;
}
