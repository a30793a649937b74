// What the address says is shown: one view, the filters' choice, the series, the colours.

const tabs = [...document.querySelectorAll(".tab")];
const views = [...document.querySelectorAll(".view")];

function showView() {
  const name = stateOf("view");
  const current = views.find((view) => view.dataset.view === name) ?? views[0];
  for (const view of views) view.hidden = view !== current;
  for (const tab of tabs) {
    if (tab.dataset.view === current.dataset.view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function showFilters() {
  for (const form of document.querySelectorAll("form[data-filters]")) {
    const selects = [...form.querySelectorAll("select")];
    for (const select of selects) {
      const wanted = stateOf(select.name);
      if ([...select.options].some((option) => option.value === wanted)) select.value = wanted;
    }
    for (const block of form.closest(".view").querySelectorAll("[data-block]")) {
      block.hidden = selects.some((select) => {
        const tag = block.getAttribute(`data-tag-${select.name}`);
        return tag !== null && tag !== select.value;
      });
    }
  }
}

function showSeries() {
  const hidden = hiddenSeries();
  for (const box of document.querySelectorAll("input[name=series]")) box.checked = !hidden.has(box.value);
}

function showScheme() {
  const chosen = stateOf("theme");
  document.querySelector("select[name=theme]").value = chosen;
  document.documentElement.dataset.theme = scheme();
}

function showAll() {
  showScheme();
  showView();
  showFilters();
  showSeries();
  sortTables();
  showWeights();
  redraw();
  showDetail();
}

document.querySelector("select[name=theme]").addEventListener("change", (event) => {
  changeState({ theme: event.target.value });
});
for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    changeState({ view: tab.dataset.view, at: "" }, { visit: true });
    scrollTo(0, 0);
  });
}
document.addEventListener("change", (event) => {
  if (event.target.name === "series") {
    const boxes = [...document.querySelectorAll("input[name=series]:not(:checked)")];
    changeState({ hide: boxes.map((box) => box.value).join(",") });
  }
  const form = event.target.closest("form[data-filters]");
  if (form) changeState({ [event.target.name]: event.target.value });
});
document.addEventListener("submit", (event) => event.preventDefault());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showScheme);

// On paper everything stands in light colours, folded or not, and the charts must be there before the picture is taken.
let opened = [];
addEventListener("beforeprint", () => {
  document.documentElement.dataset.theme = "light";
  for (const view of views) view.hidden = false;
  opened = [...document.querySelectorAll("main .block details:not([open]):not(.rows)")];
  for (const details of opened) details.open = true;
  for (const element of document.querySelectorAll(".chart")) draw(element, "light");
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
  showAll();
});

makeSortable();
makeWeights();
onState(showAll);
showAll();
watchCharts();
const at = stateOf("at");
if (at) document.getElementById(at)?.scrollIntoView();
document.documentElement.dataset.ready = "1";
