// The state of the page is its address: whoever is sent the link sees what the sender saw. Nothing is stored elsewhere.

const listeners = [];

function readState() {
  return new URLSearchParams(location.hash.slice(1));
}

function stateOf(name) {
  return readState().get(name) ?? "";
}

// `changes` maps names to texts; an empty text takes the name out. `visit` adds a step that "back" undoes.
function changeState(changes, { visit = false } = {}) {
  const state = readState();
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined) state.delete(name);
    else state.set(name, value);
  }
  const hash = `#${state}`;
  if (hash === location.hash || (hash === "#" && !location.hash)) return;
  history[visit ? "pushState" : "replaceState"](null, "", hash);
  for (const listener of listeners) listener();
}

function onState(listener) {
  listeners.push(listener);
}

window.addEventListener("hashchange", () => {
  for (const listener of listeners) listener();
});

function addressWith(changes) {
  const state = readState();
  for (const [name, value] of Object.entries(changes)) state.set(name, value);
  return `${location.href.split("#")[0]}#${state}`;
}

function say(text) {
  document.getElementById("said").textContent = text;
}

// Text never becomes markup: elements are made by name, and given their text as text.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function plainTable(columns, rows) {
  const head = make("tr", {}, ...columns.map((title) => make("th", { scope: "col" }, title)));
  const body = rows.map((row) => make("tr", {}, ...row.map((value) => make("td", {}, value === null ? "–" : String(value)))));
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": columns.join(", ") }, table);
}

const DATA = JSON.parse(document.getElementById("data").textContent);
