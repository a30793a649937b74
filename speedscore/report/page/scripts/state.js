// The state of the page is its address: whoever is sent the link sees what the sender saw. Nothing is stored elsewhere.

const listeners = [];

function readState() {
  return new URLSearchParams(location.hash.slice(1));
}

function stateOf(name) {
  return readState().get(name) ?? "";
}

// Several names in one entry, whatever signs they hold. An address may come damaged: what is no name stays as it is.
function listOf(name) {
  return stateOf(name).split(",").filter(Boolean).map(decoded);
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function asList(names) {
  return names.map(encodeURIComponent).join(",");
}

function withChanges(changes) {
  const state = readState();
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined) state.delete(name);
    else state.set(name, value);
  }
  return state;
}

// `changes` maps names to texts; an empty text takes the name out. `visit` adds a step that "back" undoes.
function changeState(changes, { visit = false } = {}) {
  const hash = `#${withChanges(changes)}`;
  if (hash === location.hash || (hash === "#" && !location.hash)) return;
  if (visit) history.pushState({ details: detailsAfter(changes) }, "", hash);
  else history.replaceState(history.state, "", hash);
  tellListeners();
}

// How many details were opened on top of the page: so many steps lead back to it. Where the page began with one open,
// no step does.
function detailsAfter(changes) {
  if (!changes.show) return 0;
  const before = history.state?.details ?? 0;
  return before || !stateOf("show") ? before + 1 : 0;
}

function onState(listener) {
  listeners.push(listener);
}

function tellListeners() {
  for (const listener of listeners) listener();
}

window.addEventListener("hashchange", tellListeners);

function addressWith(changes) {
  return `${location.href.split("#")[0]}#${withChanges(changes)}`;
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

function plainTable(columns, rows, title) {
  const isNumber = columns.map((_, place) => rows.some((row) => typeof row[place] === "number"));
  const how = (place) => (isNumber[place] ? { class: "number" } : {});
  const head = make("tr", {}, ...columns.map((name, place) => make("th", { scope: "col", ...how(place) }, name)));
  const body = rows.map((row) =>
    make("tr", {}, ...row.map((value, place) => make("td", how(place), value === null ? "–" : String(value)))),
  );
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, table);
}

// JSON in the form of zlib and base64, as `page.py` packs it.
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}
