// A detail: where one number comes from. It opens by its address, `show=…`; closing leads back to where it was opened.

const detailsById = new Map(DATA.details.map((detail) => [detail.id, detail]));
const dialog = document.getElementById("detail");

function cellElement({ text, detail, url, note }) {
  const inner = detail
    ? make("a", { href: `#show=${encodeURIComponent(detail)}`, "data-show": "" }, text)
    : url
      ? make("a", { href: url, rel: "noreferrer" }, text)
      : text;
  return note ? [inner, make("small", {}, note)] : [inner];
}

// What stands in a chart's rows is not held twice: its columns and rows of one framework, without its name.
function ofSeries({ figure, series }) {
  const { fields, columns, rows } = DATA.figures[figure];
  const place = fields.indexOf("framework");
  const others = (row) => row.filter((_, index) => index !== place);
  return { columns: others(columns), rows: rows.filter((row) => row[place] === series).map(others) };
}

function fillDetail(id) {
  const detail = detailsById.get(id);
  document.getElementById("detail-title").textContent = detail ? detail.title : "Not in this report";
  const body = dialog.querySelector(".body");
  body.replaceChildren();
  if (!detail) {
    body.append(make("p", {}, `There is nothing here by the name ${id}: the link is from another report.`));
    return;
  }
  const list = make("dl");
  for (const [name, cell] of detail.entries) {
    list.append(make("div", {}, make("dt", {}, name), make("dd", {}, ...cellElement(cell))));
  }
  if (detail.entries.length) body.append(list);
  for (const table of detail.tables) {
    const { columns, rows } = table.figure ? ofSeries(table) : table;
    body.append(make("h3", {}, table.title), plainTable(columns, rows, table.title));
  }
}

function showDetail() {
  const id = stateOf("show");
  if (!id) {
    if (dialog.open) dialog.close();
    delete dialog.dataset.shown;
    return;
  }
  if (dialog.open && dialog.dataset.shown === id) return;
  fillDetail(id);
  dialog.dataset.shown = id;
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

// Closed by its button, by Escape or by a click beside it, while the address still names it.
dialog.addEventListener("close", () => {
  if (!stateOf("show")) return;
  const steps = history.state?.details ?? 0;
  if (steps) history.go(-steps);
  else changeState({ show: "" });
});
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

// Thousands of links name the same details, so each has but the detail's place in the list.
for (const link of document.querySelectorAll("main a[data-show]")) {
  link.href = `#show=${encodeURIComponent(DATA.details[link.dataset.show].id)}`;
}

// Links inside the page add to its state rather than replace it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-show]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  changeState(Object.fromEntries(new URLSearchParams(link.getAttribute("href").slice(1))), { visit: true });
});
