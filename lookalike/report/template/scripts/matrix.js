// The matrix: models in the order of the tree, colours from 0 to chance.
const pairPlace = (one, other, m) => {
  const [low, high] = one < other ? [one, other] : [other, one];
  return low * m - (low * (low + 1)) / 2 + high - low - 1;
};

// What is known of a pair, as lines.
function describePair(view, one, other) {
  const m = view.names.length,
    place = pairPlace(one, other, m),
    cell = name => view.cells[name]?.[place];
  const lines = [
    `${view.names[one]} and ${view.names[other]}`,
    `${view.metric} dissimilarity ${brief(cell("value"), 3)}`,
  ];
  if (cell("low") !== undefined && cell("low") !== null)
    lines.push(`95% interval ${brief(cell("low"), 3)} to ${brief(cell("high"), 3)}`);
  if (cell("chance") !== undefined) lines.push(`by chance ${brief(cell("chance"), 3)}`);
  if (cell("calibrated") !== undefined && cell("calibrated") !== null)
    lines.push(`calibrated ${brief(cell("calibrated"))} (0: as a replicate, 1: by chance)`);
  if (cell("n") !== undefined) lines.push(`${cell("n")} images`);
  return lines.join("\n");
}

function drawMatrix(view, order) {
  const m = view.names.length,
    names = order.map(index => view.names[index]);
  const margin = Math.max(40, widest(names.map(short)) + 22),
    cell = Math.min(56, Math.max(11, (640 - margin) / m)),
    size = cell * m;
  const scale = scaleOf(view),
    digits = cell >= 24;
  const rows = [],
    width = margin + Math.max(size, 220) + 8;
  const cells = order.map(() => []);
  order.forEach((one, row) =>
    order.forEach((other, column) => {
      if (one === other) return;
      const place = pairPlace(one, other, m),
        value = view.cells.value[place],
        shade = view.cells.shade[place];
      const open = isPair(view, view.names[one], view.names[other]);
      const colour = value === null ? null : scale.colour(shade),
        x = margin + column * cell,
        y = margin + row * cell;
      const node = svg(
        "g",
        {
          class: `cell${open ? " open" : ""}`,
          "aria-label": describePair(view, one, other),
          tip: () => describePair(view, one, other),
          "data-pair": `${view.names[one]}~${view.names[other]}`,
          ...(open ? pressable(() => openPair(view.names[one], view.names[other])) : {}),
          role: "gridcell",
          tabindex: -1,
        },
        svg("rect", {
          x,
          y,
          width: cell - 0.6,
          height: cell - 0.6,
          fill: colour ? rgb(colour) : "#bbb",
        }),
        digits && colour
          ? text(x + cell / 2, y + cell / 2, brief(value), {
              class: "number",
              fill: isDark(colour) ? "#fff" : "#111",
              "font-size": Math.min(11.5, cell * 0.36),
              "text-anchor": "middle",
              "dominant-baseline": "central",
            })
          : null,
      );
      cells[row][column] = node;
    }),
  );
  order.forEach((one, row) => {
    const style = styleOf(view.names[one], state.by),
      y = margin + (row + 0.5) * cell;
    const font = Math.min(12, cell * 0.95);
    rows.push(
      svg(
        "g",
        { role: "row" },
        text(margin - 18, y, short(names[row]), {
          class: "name",
          "text-anchor": "end",
          "dominant-baseline": "central",
          "font-size": font,
        }),
        marker(margin - 9, y, 4.5, style),
        cells[row].filter(Boolean),
      ),
    );
    const x = margin + (row + 0.5) * cell;
    rows.push(
      text(0, 0, short(names[row]), {
        class: "name",
        transform: `translate(${x},${margin - 18}) rotate(-90)`,
        "dominant-baseline": "central",
        "font-size": font,
      }),
      marker(x, margin - 9, 4.5, style),
    );
  });
  const scaleBar = drawScale(view, scale, margin, margin + size + 14);
  const legend = legendOf(names, state.by, width, margin + size + 66);
  const node = drawing(
    width,
    margin + size + 70 + legend.height,
    `dissimilarity matrix, ${view.title}`,
    svg("g", { role: "grid", "aria-label": `dissimilarities of ${m} models` }, rows),
    scaleBar,
    legend.nodes,
  );
  walkable(cells);
  return node;
}

// The colours of the shades that occur, along the scale.
function drawScale(view, scale, x, y) {
  const values = view.cells.value.filter(value => value !== null);
  const last = Math.max(scale.end, ...values),
    length = 210,
    steps = 70;
  const at = value => x + (length * value) / last;
  const bars = Array.from({ length: steps }, (_, step) =>
    svg("rect", {
      x: x + (length * step) / steps,
      y,
      width: length / steps + 0.5,
      height: 11,
      fill: rgb(scale.colour((last * (step + 0.5)) / steps)),
    }),
  );
  const shades = [...new Set(view.cells.shade)].filter(value => value !== null);
  const few = shades.length <= 12 && shades.length < values.length;
  const marks = few
    ? shades.map(value => svg("path", { d: `M${at(value)},${y + 14}l-4,6h8z`, class: "mark" }))
    : [];
  const known = view.chance !== null,
    end = at(scale.end);
  return svg(
    "g",
    { class: "scale" },
    bars,
    marks,
    text(x, y + 33, "0", { "text-anchor": "middle" }),
    text(end, y + 33, known ? `chance ${brief(scale.end)}` : brief(scale.end), {
      "text-anchor": "middle",
    }),
    known ? svg("line", { x1: end, x2: end, y1: y - 3, y2: y + 22, class: "axis" }) : null,
    few
      ? text(
          x,
          y + 48,
          shades.length === 1
            ? "▲ one shade: no cells differ clearly"
            : `▲ ${shades.length} shades: cells of one shade do not differ clearly`,
        )
      : null,
  );
}

// Arrow keys go from cell to cell; one of them takes part in the order of the tab key.
function walkable(cells) {
  const first = cells.flat().find(Boolean);
  if (!first) return;
  first.setAttribute("tabindex", 0);
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  cells.forEach((line, row) =>
    line.forEach((node, column) =>
      node.addEventListener("keydown", event => {
        const step = steps[event.key];
        if (!step) return;
        event.preventDefault();
        let [y, x] = [row + step[0], column + step[1]];
        // The diagonal has no cell.
        if (cells[y] && !cells[y][x]) [y, x] = [y + step[0], x + step[1]];
        const next = cells[y]?.[x];
        if (!next) return;
        node.setAttribute("tabindex", -1);
        next.setAttribute("tabindex", 0);
        next.focus();
      }),
    ),
  );
}
