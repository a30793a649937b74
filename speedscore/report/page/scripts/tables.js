// Tables are sorted by a click on a head, and long ones searched for a text; both stand in the address, as
// `sort=table:column:up` and `find.table=text`. Rows of a hidden framework are hidden.

const MANY_ROWS = 30;
const tableBlocks = [...document.querySelectorAll(".block.table")];

function makeSortable(block) {
  for (const [place, head] of [...block.querySelectorAll("thead th")].entries()) {
    const button = make("button", { type: "button" }, ...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      changeState({ sort: `${block.id}:${place}:${up ? "up" : "down"}` });
    });
  }
}

function makeSearchable(block) {
  const scroll = block.querySelector(".scroll");
  scroll.after(make("p", { class: "note count", role: "status" }));
  if (block.querySelectorAll("tbody tr").length <= MANY_ROWS) return;
  const title = block.querySelector("h3").textContent;
  const input = make("input", { type: "search", placeholder: "Find rows", "aria-label": `Find rows of ${title}` });
  input.addEventListener("input", () => changeState({ [`find.${block.id}`]: input.value }));
  block.querySelector(".tools").prepend(input);
}

function makeTables() {
  for (const block of tableBlocks) {
    block.querySelectorAll("tbody tr").forEach((row, place) => (row.dataset.place = place));
    makeSortable(block);
    makeSearchable(block);
  }
}

function keyOf(cell) {
  return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
}

// Figures before words, words as people sort them.
function compareKeys(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
  return WORDS.compare(a, b);
}
const WORDS = new Intl.Collator("en", { numeric: true });

function sortTable(block, column, direction) {
  const heads = block.querySelectorAll("thead th");
  for (const head of heads) head.removeAttribute("aria-sort");
  const chosen = heads[column];
  if (!chosen && !block.dataset.sorted) return;
  const body = block.querySelector("tbody");
  const rows = [...body.rows].map((row) => ({ row, place: Number(row.dataset.place), key: chosen && keyOf(row.cells[column]) }));
  const sign = direction === "down" ? -1 : 1;
  rows.sort((a, b) => (chosen ? compareKeys(a.key, b.key) * sign : 0) || a.place - b.place);
  body.append(...rows.map(({ row }) => row));
  if (chosen) {
    chosen.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    block.dataset.sorted = "1";
  } else delete block.dataset.sorted;
}

function chooseRows(block, hidden) {
  const wanted = stateOf(`find.${block.id}`);
  const input = block.querySelector("input[type=search]");
  if (input && input.value !== wanted) input.value = wanted;
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...block.querySelector("tbody").rows];
  let shown = 0;
  for (const row of rows) {
    const text = words.length ? row.textContent.toLowerCase() : "";
    row.hidden = hidden.has(row.dataset.series) || !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  block.querySelector(".count").textContent = shown < rows.length ? `${shown} of ${rows.length} rows are shown.` : "";
}

let tableState = "";

function showTables() {
  const state = readState();
  const now = [...state].filter(([name]) => name === "sort" || name === "hide" || name.startsWith("find.")).join("\n");
  if (now === tableState) return;
  tableState = now;
  const [id, column, direction] = stateOf("sort").split(":");
  const hidden = new Set(listOf("hide"));
  for (const block of tableBlocks) {
    sortTable(block, block.id === id ? Number(column) : -1, direction);
    chooseRows(block, hidden);
  }
}
