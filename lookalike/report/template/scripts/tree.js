// The tree: its order is that of all figures of a view.
function leafOrder(merges, leaves) {
  const members = Array.from({ length: leaves }, (_, leaf) => [leaf]);
  for (const merge of merges) members.push([...members[merge.left], ...members[merge.right]]);
  return members.at(-1) ?? [];
}

// Indices of all models: those of the tree first, then those whose dissimilarities are unknown.
function orderOf(view, linkage = state.linkage) {
  const merges = view.trees[linkage] ?? Object.values(view.trees)[0] ?? [];
  const known = leafOrder(merges, view.known.length).map(leaf => view.known[leaf]);
  return [...known, ...view.names.keys()].filter(
    (index, place, all) => all.indexOf(index) === place,
  );
}

// A clade is sure if its test says so; where none was made, if nearly all bootstrap trees have it.
const isSure = merge => (merge.p === null ? merge.support >= 0.95 : merge.p <= 0.05);
const hasSupport = merges => merges.some(merge => merge.support !== null);

// Branches of a tree in a box: the root at the left, dissimilarity 0 at the right.
function branches(view, merges, box, rowOf) {
  const last = Math.max(...merges.map(merge => merge.height), view.chance ?? 0, 1e-12) * 1.04;
  const at = height => box.left + box.width * (1 - height / last);
  const heights = view.known.map(() => 0),
    places = view.known.map((_, leaf) => rowOf(leaf));
  const supported = hasSupport(merges),
    lines = [],
    supports = [],
    dots = [];
  merges.forEach((merge, place) => {
    const root = place === merges.length - 1,
      sides = [merge.left, merge.right].map(child => places[child]);
    const surely = node =>
      node < view.known.length ||
      node === merges.length + view.known.length - 1 ||
      !supported ||
      isSure(merges[node - view.known.length]);
    const sure = surely(view.known.length + place),
      x = at(merge.height),
      y = (sides[0] + sides[1]) / 2;
    // A stem belongs to the clade below it.
    for (const child of [merge.left, merge.right])
      lines.push(
        svg("line", {
          x1: at(heights[child]),
          x2: x,
          y1: places[child],
          y2: places[child],
          class: surely(child) ? "branch" : "branch faded",
        }),
      );
    lines.push(
      svg("line", {
        x1: x,
        x2: x,
        y1: sides[0],
        y2: sides[1],
        class: sure ? "branch" : "branch faded",
        tip: merge.support === null ? null : () => describeClade(view, merge),
      }),
    );
    if (!root && merge.support !== null) supports.push({ merge, sure, x: x - 3, y: y - 3 });
    if (merge.holds)
      dots.push(
        svg("circle", {
          cx: x,
          cy: y,
          r: 3.4,
          class: "holds",
          tip: () => describeClade(view, merge),
        }),
      );
    heights.push(merge.height);
    places.push(y);
  });
  const chance =
    view.chance === null
      ? []
      : [
          svg("line", {
            x1: at(view.chance),
            x2: at(view.chance),
            y1: box.top,
            y2: box.bottom,
            class: "chance",
          }),
          text(at(view.chance) + 3, box.top - 2, "chance", { class: "chance-name" }),
        ];
  return { nodes: [...chance, ...lines, ...numbersOf(view, supports), ...dots], at, last };
}

// The support of clades as numbers. Where two would touch, the surer clade has its own.
const WIDE = 16,
  HIGH = 11;
function numbersOf(view, supports) {
  const order = supports.toSorted((a, b) => b.sure - a.sure || b.merge.support - a.merge.support);
  const kept = [];
  for (const one of order)
    if (kept.every(({ x, y }) => Math.abs(x - one.x) > WIDE || Math.abs(y - one.y) > HIGH))
      kept.push(one);
  return kept.map(({ merge, sure, x, y }) =>
    text(x, y, String(Math.round(100 * merge.support)), {
      class: sure ? "support halo" : "support halo faded",
      "text-anchor": "end",
      tip: () => describeClade(view, merge),
    }),
  );
}

function describeClade(view, merge) {
  const lines = [
    `joined at ${brief(merge.height, 3)}`,
    `in ${percent(merge.support)} of the bootstrap trees`,
  ];
  if (merge.p !== null) lines.push(`p ${brief(merge.p)} (selective inference, corrected)`);
  lines.push(
    merge.holds
      ? "holds: nearer than chance and main effects explain"
      : "does not hold as a group by itself",
  );
  return lines.join("\n");
}

// Ticks of an axis: at most six round numbers.
function ticksOf(last) {
  const rough = last / 5,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(one => one >= rough);
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, place) => place * step);
}

function drawTree(view, order) {
  const linkage = state.linkage in view.trees ? state.linkage : linkagesOf(view)[0],
    merges = view.trees[linkage];
  const leaves = leafOrder(merges, view.known.length),
    row = Math.max(15, Math.min(44, 460 / leaves.length));
  const names = leaves.map(leaf => view.names[view.known[leaf]]);
  const width = drawingWidth(),
    right = widest(names.map(short)) + 30,
    box = { left: 12, top: 22, width: width - right - 12, bottom: 22 + row * leaves.length };
  const rowOf = leaf => box.top + row * (leaves.indexOf(leaf) + 0.5);
  const { nodes, at, last } = branches(view, merges, box, rowOf);
  const tips = leaves.map((leaf, place) => {
    const name = names[place],
      y = rowOf(leaf);
    return svg(
      "g",
      leafOf(view, name),
      svg("rect", { x: at(0), y: y - row / 2, width: right, height: row, fill: "transparent" }),
      marker(at(0) + 8, y, 5, styleOf(name, state.by)),
      text(at(0) + 18, y, short(name), { class: "name", "dominant-baseline": "central" }),
    );
  });
  const axis = ticksOf(last).map(value =>
    svg(
      "g",
      {},
      svg("line", {
        x1: at(value),
        x2: at(value),
        y1: box.bottom,
        y2: box.bottom + 4,
        class: "axis",
      }),
      text(at(value), box.bottom + 16, brief(value), { "text-anchor": "middle" }),
    ),
  );
  const legend = legendOf(names, state.by, width, box.bottom + 38),
    cophenetic = merges.at(-1)?.cophenetic;
  return drawing(
    width,
    box.bottom + 42 + legend.height,
    `dendrogram, ${view.title}`,
    nodes,
    tips,
    axis,
    text(
      box.left + box.width / 2,
      box.bottom + 32,
      `${view.metric} dissimilarity, ${linkage} linkage${cophenetic ? `, cophenetic correlation ${brief(cophenetic)}` : ""}`,
      { "text-anchor": "middle" },
    ),
    legend.nodes,
  );
}

// Of the models with maps, the one that is nearest to another; nothing where there is none.
function nearestTo(view, name) {
  const m = view.names.length,
    one = view.names.indexOf(name);
  const others = [...view.names.keys()].filter(
    other => other !== one && hasMaps(view, view.names[other]),
  );
  const far = other => view.cells.value[pairPlace(one, other, m)] ?? Infinity;
  return view.names[others.sort((a, b) => far(a) - far(b))[0]];
}

// What a press on a model does: its maps next to those of the nearest one.
function leafOf(view, name) {
  const near = nearestTo(view, name),
    open = near && hasMaps(view, name);
  return {
    ...(open ? pressable(() => openPair(name, near)) : {}),
    class: "leaf",
    "aria-label": name,
    tip: () => (open ? `${name}: see its maps next to those of ${near}, the nearest` : name),
  };
}
