// Tables and charts as CSV (RFC 4180) and as Markdown, with their sources. What spreadsheets take for a formula is made
// text, and what Markdown would read is escaped, as `speedscore.text.markdown` does.

function csvField(value) {
  if (typeof value === "number") return String(value);
  let text = value === null || value === undefined ? "" : String(value);
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function markdownField(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return text.split(/\r?\n/).join(" ").replace(/[\\`*_[\]<>#|~&]/g, "\\$&");
}

const COPIES = { csv: "CSV", markdown: "Markdown", link: "Link" };

function makeTools() {
  for (const block of document.querySelectorAll(".block.table, .block.figure")) {
    const title = block.querySelector("h3").textContent;
    const tools = Object.entries(COPIES).map(([kind, name]) => {
      const label = kind === "link" ? `Copy a link to ${title}` : `Copy ${title} as ${name}`;
      return make("button", { type: "button", "data-copy": kind, "aria-label": label }, name);
    });
    block.querySelector(".head").append(make("div", { class: "tools" }, ...tools));
  }
}

function contentOf(block) {
  const sources = [...block.querySelectorAll(".sources > span")].map((span) => span.textContent);
  const title = block.querySelector("h3").textContent;
  const figure = DATA.figures[block.dataset.block];
  if (figure) {
    const rows = rowsOf(block.dataset.block);
    return { title, sources, columns: figure.columns, values: rows, texts: rows };
  }
  const table = block.querySelector("table");
  const columns = [...table.querySelectorAll("thead th")];
  const rows = [...table.querySelectorAll("tbody tr:not([hidden])")].map((row) => [...row.children]);
  // A cell's note stands on a line of its own.
  const textOf = (cell) => cell.textContent.trim().replace(/\s*\n\s*/g, " ");
  return {
    title,
    sources,
    columns: columns.map((head) => (head.dataset.unit ? `${head.textContent} (${head.dataset.unit})` : head.textContent)),
    values: rows.map((row) => row.map((cell) => ("value" in cell.dataset ? Number(cell.dataset.value) : textOf(cell)))),
    texts: rows.map((row) => row.map(textOf)),
  };
}

function asCsv({ title, sources, columns, values }) {
  const lines = [columns, ...values].map((row) => row.map(csvField).join(","));
  const comments = [title, ...sources.map((source) => `source: ${source}`)].map((line) => csvField(`# ${line}`));
  return `${[...comments, ...lines].join("\r\n")}\r\n`;
}

function asMarkdown({ title, sources, columns, texts }) {
  const line = (row) => `| ${row.map(markdownField).join(" | ")} |`;
  const table = [line(columns), `|${"---|".repeat(columns.length)}`, ...texts.map(line)];
  const from = sources.length ? ["", `Sources: ${sources.map(markdownField).join("; ")}`] : [];
  return `${[`**${markdownField(title)}**`, "", ...table, ...from].join("\n")}\n`;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page opened from disk may not have the clipboard; a selection can be copied all the same.
    const area = make("textarea", { "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const block = button.closest("[data-block]");
  const kind = button.dataset.copy;
  const text =
    kind === "link"
      ? addressWith({ view: block.closest(".view").dataset.view, at: block.id, show: "" })
      : kind === "csv"
        ? asCsv(contentOf(block))
        : asMarkdown(contentOf(block));
  await copyText(text);
  say(`${COPIES[kind]} copied.`);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1200);
});
