// What the address says is shown: one view, the filters' choice, the frameworks, what is unfolded, the colours.

const tabs = [...document.querySelectorAll(".tab")];
const views = [...document.querySelectorAll(".view")];
const folds = [...document.querySelectorAll("details[data-fold]")];
const legend = document.querySelector(".legend");
const boxes = [...document.querySelectorAll("input[name=series]")];
let printing = false;

function showView() {
  const current = views.find((view) => view.dataset.view === stateOf("view")) ?? views[0];
  for (const view of views) view.hidden = view !== current;
  for (const tab of tabs) {
    tab.href = `#${withChanges({ view: tab.dataset.view, at: "", show: "" })}`;
    if (tab.dataset.view === current.dataset.view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function isChosen(block, select) {
  const tag = block.getAttribute(`data-tag-${select.name}`);
  return tag === null || select.value === "all" || tag === select.value;
}

function showFilters() {
  for (const form of document.querySelectorAll("form[data-filters]")) {
    const selects = [...form.querySelectorAll("select")];
    for (const select of selects) {
      const wanted = [...select.options].find((option) => option.value === stateOf(select.name));
      (wanted ?? select.options[0]).selected = true;
    }
    const blocks = [...form.closest(".view").querySelectorAll("[data-block]")];
    for (const block of blocks) block.hidden = !selects.every((select) => isChosen(block, select));
    const tagged = blocks.filter((block) => selects.some((select) => block.hasAttribute(`data-tag-${select.name}`)));
    form.nextElementSibling.hidden = tagged.some((block) => !block.hidden);
  }
}

function showSeries() {
  const hidden = new Set(listOf("hide"));
  for (const box of boxes) box.checked = !hidden.has(box.value);
  const shown = boxes.filter((box) => box.checked).length;
  if (legend) document.getElementById("series-shown").textContent = shown < boxes.length ? ` (${shown} of ${boxes.length})` : "";
}

function showScheme() {
  document.querySelector("select[name=theme]").value = stateOf("theme");
  document.documentElement.dataset.theme = scheme();
}

function showFolds() {
  const open = new Set(listOf("open"));
  for (const fold of folds) fold.open = open.has(fold.dataset.fold);
  showRows();
}

let place = "";

// A link to a table or chart leads there once; from then on the reader scrolls.
function showPlace() {
  if (place === stateOf("at")) return;
  place = stateOf("at");
  const block = document.getElementById(place);
  if (block?.matches("[data-block]")) block.scrollIntoView();
}

function showAll() {
  showScheme();
  showView();
  showFilters();
  showSeries();
  showTables();
  showFolds();
  showWeights();
  redraw();
  showDetail();
  showPlace();
}

for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    changeState({ view: tab.dataset.view, at: "" }, { visit: true });
    scrollTo(0, 0);
  });
}
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
document.addEventListener("change", ({ target }) => {
  if (target.name === "theme") changeState({ theme: target.value });
  if (target.name === "series") changeState({ hide: asList(boxes.filter((box) => !box.checked).map((box) => box.value)) });
  if (target.closest("form[data-filters]")) changeState({ [target.name]: target.value });
});
for (const button of document.querySelectorAll("button[data-series]")) {
  button.addEventListener("click", () => {
    changeState({ hide: button.dataset.series === "none" ? asList(boxes.map((box) => box.value)) : "" });
  });
}
for (const fold of folds) {
  fold.addEventListener("toggle", () => {
    if (!printing) changeState({ open: asList(folds.filter((each) => each.open).map((each) => each.dataset.fold)) });
  });
}
document.addEventListener("submit", (event) => event.preventDefault());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);

// On paper everything stands in light colours, folded or not, and the charts must be there before the picture is taken.
const MOST_ROWS_ON_PAPER = 60;
let unfolded = [];
addEventListener("beforeprint", () => {
  printing = true;
  document.documentElement.dataset.theme = "light";
  for (const view of views) view.hidden = false;
  const folded = [...document.querySelectorAll("main .block details:not([open], .rows)")];
  // Nobody reads ten pages of cases that were not measured.
  unfolded = folded.filter((details) => details.querySelectorAll("tbody tr").length <= MOST_ROWS_ON_PAPER);
  for (const details of unfolded) details.open = true;
  drawForPaper();
});
addEventListener("afterprint", () => {
  for (const details of unfolded) details.open = false;
  printing = false;
  showAll();
});

if (legend && matchMedia("(max-width: 640px)").matches) legend.open = false;
const bar = document.querySelector(".bar");
new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);

makeTools();
makeTables();
makeWeights();
onState(showAll);
watchCharts();
showAll();
document.documentElement.dataset.ready = "1";
