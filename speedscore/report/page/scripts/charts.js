// Charts are drawn when they come into view, or all of them before printing, by Vega-Embed without eval.

const drawn = new Map();

function scheme() {
  const chosen = stateOf("theme");
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function hiddenSeries() {
  return new Set(stateOf("hide").split(",").filter(Boolean));
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

function rowsOf(id) {
  const { fields, rows } = DATA.figures[id];
  const place = fields.indexOf("framework");
  const hidden = hiddenSeries();
  const shown = place < 0 ? rows : rows.filter((row) => !hidden.has(row[place]));
  return shown.map((row) => Object.fromEntries(fields.map((field, index) => [field, row[index]])));
}

async function draw(element, how = scheme()) {
  const id = element.dataset.figure;
  const key = `${how} ${stateOf("hide")} ${element.clientWidth}`;
  if (drawn.get(id) === key || !element.clientWidth) return;
  drawn.set(id, key);
  const spec = withScales(DATA.figures[id].spec);
  spec.datasets = { rows: rowsOf(id) };
  spec.config = DATA.config[how];
  await vegaEmbed(element, spec, { actions: false, renderer: "svg", ast: true, tooltip: { theme: how } });
  // Vega's own roles would be announced a second time; the element has a name, and the rows stand below.
  for (const drawing of element.querySelectorAll("svg, svg *")) {
    for (const name of ["role", "aria-roledescription", "aria-label", "aria-hidden"]) drawing.removeAttribute(name);
  }
  element.querySelector("svg")?.setAttribute("aria-hidden", "true");
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

function watchCharts() {
  for (const element of document.querySelectorAll(".chart")) inView.observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 150);
  });
}

// The rows of a chart, when they are asked for.
for (const details of document.querySelectorAll("details[data-rows]")) {
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) {
      const { columns, rows } = DATA.figures[details.dataset.rows];
      details.append(plainTable(columns, rows));
    }
  });
}
