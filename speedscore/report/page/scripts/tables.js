// Tables are sorted by a click on a head; the order stands in the address, as `sort=table:column:up`.

function makeSortable() {
  for (const block of document.querySelectorAll(".block.table")) {
    for (const [place, head] of [...block.querySelectorAll("thead th")].entries()) {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        changeState({ sort: `${block.id}:${place}:${up ? "up" : "down"}` });
      });
    }
  }
}

function keyOf(cell) {
  return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
}

// Figures before words, words as people sort them; what has no value stays last either way.
function compareCells(one, other) {
  const [a, b] = [keyOf(one), keyOf(other)];
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b, "en", { numeric: true });
}

function sortTables() {
  const [id, column, direction] = stateOf("sort").split(":");
  for (const block of document.querySelectorAll(".block.table")) {
    for (const head of block.querySelectorAll("thead th")) head.removeAttribute("aria-sort");
    const body = block.querySelector("tbody");
    const rows = [...body.rows];
    rows.forEach((row, place) => (row.dataset.place ??= place));
    const chosen = block.id === id ? block.querySelectorAll("thead th")[Number(column)] : null;
    if (!chosen) {
      if (block.dataset.sorted) body.append(...rows.sort((a, b) => a.dataset.place - b.dataset.place));
      delete block.dataset.sorted;
      continue;
    }
    const up = direction === "up";
    chosen.setAttribute("aria-sort", up ? "ascending" : "descending");
    block.dataset.sorted = "1";
    const order = (a, b) => compareCells(a.cells[column], b.cells[column]) * (up ? 1 : -1);
    body.append(...rows.sort((a, b) => order(a, b) || a.dataset.place - b.dataset.place));
  }
}
