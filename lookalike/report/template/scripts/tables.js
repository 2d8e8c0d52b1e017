// Tables: sorted by a click on a column, filtered, copied, saved as CSV.
const numberOf = cell => {
  const found = cell.textContent
    .trim()
    .replaceAll(",", "")
    .match(/^-?\.?\d[\d.]*(e[-+]?\d+)?/);
  return found ? parseFloat(found[0]) : NaN;
};
const rowsOf = one => [...one.rows].slice(1);
const cellsOf = row => [...row.cells].map(cell => cell.textContent.replace(/\s+/g, " ").trim());
const asCsv = one =>
  [...one.rows]
    .filter(row => !row.hidden)
    .map(row =>
      cellsOf(row)
        .map(cell => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
        .join(","),
    )
    .join("\r\n") + "\r\n";
const asText = one =>
  [...one.rows]
    .filter(row => !row.hidden)
    .map(row => cellsOf(row).join("\t"))
    .join("\n");

function sortBy(one, column, head) {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of one.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = rowsOf(one),
    known = rows.filter(row => row.cells[column]);
  const numbers = known.every(
    row =>
      !Number.isNaN(numberOf(row.cells[column])) || /^[–\s]*$/.test(row.cells[column].textContent),
  );
  const value = row =>
    numbers ? numberOf(row.cells[column]) : row.cells[column].textContent.trim();
  known.sort((a, b) =>
    numbers
      ? Number.isNaN(value(a)) - Number.isNaN(value(b)) || (value(a) - value(b)) * (down ? -1 : 1)
      : value(a).localeCompare(value(b), undefined, { numeric: true }) * (down ? -1 : 1),
  );
  rows[0]?.parentElement.append(...known, ...rows.filter(row => !row.cells[column]));
}

function dress(one, place) {
  const heads = [...one.rows[0].cells];
  if (!heads.every(head => head.tagName === "TH")) return;
  heads.forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const action = pressable(() => sortBy(one, column, head));
    for (const [name, value] of Object.entries(action))
      name.startsWith("on")
        ? head.addEventListener(name.slice(2), value)
        : name === "role"
          ? null
          : head.setAttribute(name, value);
    head.classList.add("sorts");
  });
  const name = `${one.closest("section")?.id || "table"}-${place}`;
  const filter = html("input", {
    type: "search",
    placeholder: "filter",
    "aria-label": "show rows with",
    oninput: event => {
      const wanted = event.target.value.toLowerCase();
      for (const row of rowsOf(one)) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    },
  });
  const copy = html(
    "button",
    {
      onclick: async () => {
        await navigator.clipboard?.writeText(asText(one));
        copy.textContent = "copied";
        setTimeout(() => {
          copy.textContent = "copy";
        }, 1500);
      },
    },
    "copy",
  );
  const bar = html(
    "div",
    { class: "bar" },
    one.rows.length > 8 && !one.matches(".verdicts") ? filter : null,
    copy,
    html(
      "button",
      { onclick: () => save(`${name}.csv`, new Blob([asCsv(one)], { type: "text/csv" })) },
      "CSV",
    ),
  );
  (one.closest(".wide") ?? one).before(bar);
}
