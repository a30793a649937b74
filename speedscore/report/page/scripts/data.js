// What the page holds beside its tables: read once, before anything is shown.

const DATA = await unpacked(document.getElementById("data").textContent);
