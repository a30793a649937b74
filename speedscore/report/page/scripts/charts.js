// Charts are drawn when they come into view, or all of them before printing, by Vega without eval.

const PAPER_WIDTH = 680;
const drawn = new Map();

function scheme() {
  const chosen = stateOf("theme");
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

// Colours and shapes are those of all series, whichever are shown.
function withScales(node) {
  if (Array.isArray(node)) return node.map(withScales);
  if (node === null || typeof node !== "object") return node;
  const copy = {};
  for (const [key, value] of Object.entries(node)) {
    copy[key] = withScales(value);
    if ((key === "color" || key === "shape") && value?.field === "framework") copy[key].scale = DATA.scales[key];
  }
  return copy;
}

// As lists of values, in the order of the figure's fields; without those of hidden frameworks.
function rowsOf(id) {
  const { fields, rows } = DATA.figures[id];
  const place = fields.indexOf("framework");
  const hidden = new Set(listOf("hide"));
  return place < 0 || !hidden.size ? rows : rows.filter((row) => !hidden.has(row[place]));
}

function configFor(how, width) {
  const config = DATA.config[how];
  const labelLimit = Math.min(config.axis.labelLimit, Math.round(width * 0.3));
  return { ...config, axis: { ...config.axis, labelLimit } };
}

function specFor(id, { how, width }) {
  const { fields, spec: made } = DATA.figures[id];
  const spec = withScales(made);
  spec.datasets = { rows: rowsOf(id).map((row) => Object.fromEntries(fields.map((field, place) => [field, row[place]]))) };
  spec.config = configFor(how, width);
  if (spec.width === "container") spec.width = width;
  return spec;
}

async function draw(element, { how = scheme(), width = element.clientWidth } = {}) {
  const id = element.dataset.figure;
  const key = `${how} ${stateOf("hide")} ${width}`;
  const before = drawn.get(id);
  if (!element.clientWidth || before?.key === key) return;
  if (!rowsOf(id).length) {
    drawn.set(id, { key });
    element.replaceChildren(make("p", { class: "note" }, "Its frameworks are hidden."));
    return;
  }
  const options = { actions: false, renderer: "svg", ast: true, tooltip: { theme: how } };
  const picture = vegaEmbed(element, specFor(id, { how, width }), options);
  drawn.set(id, { key, picture });
  (await before?.picture)?.finalize();
  await picture;
  // Vega's own roles would be announced a second time; the element has a name, and the rows stand below.
  for (const drawing of element.querySelectorAll("svg, svg *")) {
    for (const name of ["role", "aria-roledescription", "aria-label", "aria-hidden"]) drawing.removeAttribute(name);
  }
  element.querySelector("svg")?.setAttribute("aria-hidden", "true");
  // What is wider than the screen is scrolled, with the keyboard too.
  element.toggleAttribute("tabindex", false);
  if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
}

const inView = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      entry.target.dataset.near = entry.isIntersecting ? "1" : "";
      if (entry.isIntersecting) draw(entry.target);
    }
  },
  { rootMargin: "300px" },
);

function redraw() {
  for (const element of document.querySelectorAll(".chart[data-near='1']")) draw(element);
}

function drawForPaper() {
  for (const element of document.querySelectorAll(".chart")) draw(element, { how: "light", width: PAPER_WIDTH });
}

// What a chart's axis and its title take below the plot.
const AXIS_HEIGHT = 45;

function watchCharts() {
  for (const element of document.querySelectorAll(".chart")) {
    // Its room is kept, so that nothing jumps when it is drawn.
    const { height } = DATA.figures[element.dataset.figure].spec;
    if (typeof height === "number") element.style.minHeight = `${height + AXIS_HEIGHT}px`;
    inView.observe(element);
  }
  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 150);
  });
}

// The rows of a chart, where they are asked for.
function showRows() {
  for (const details of document.querySelectorAll("details.rows[open]")) {
    if (details.dataset.hide === stateOf("hide")) continue;
    details.dataset.hide = stateOf("hide");
    const id = details.dataset.fold;
    const title = details.querySelector("summary").textContent;
    details.replaceChildren(details.firstElementChild, plainTable(DATA.figures[id].columns, rowsOf(id), title));
  }
}
