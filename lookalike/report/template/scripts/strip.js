// The first picture: the tree, and next to each model its maps of the images that are most typical.

// Images whose own dissimilarities are most like the mean ones come first.
async function typicalImages(view) {
  const places = DATA.maps.of.map((_, place) => place);
  if (!view.values) return places;
  const all = await valuesOfView(view),
    mean = view.cells.value,
    pairs = mean.length;
  const rows = new Map(
    view.images.map((image, row) => [image, all.subarray(row * pairs, (row + 1) * pairs)]),
  );
  const likeness = places.map(place => {
    const own = rows.get(imageAt(place).id);
    const both = own
      ? [...own]
          .map((value, pair) => [value, mean[pair]])
          .filter(([a, b]) => !Number.isNaN(a) && b !== null)
      : [];
    return both.length < 3 ? -2 : correlation(both);
  });
  return places.sort((one, other) => likeness[other] - likeness[one]);
}

function correlation(pairs) {
  const middle = [0, 1].map(
    side => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length,
  );
  const sum = (a, b) =>
    pairs.reduce((total, pair) => total + (pair[a] - middle[a]) * (pair[b] - middle[b]), 0);
  return sum(0, 1) / (Math.sqrt(sum(0, 0) * sum(1, 1)) || 1);
}

async function drawStrip(place, view) {
  if (!place?.clientWidth || !view.trees || view.known.length < 2) return;
  const linkage = linkagesOf(view)[0],
    merges = view.trees[linkage],
    leaves = leafOrder(merges, view.known.length);
  const names = leaves.map(leaf => view.names[view.known[leaf]]),
    maps = canOpen(view);
  const pictured = maps && DATA.maps.photographs.some(Boolean);
  const row = Math.max(15, Math.min(62, 540 / (names.length + 1))),
    top = pictured ? row + 16 : 20,
    room = place.clientWidth;
  const tall = top + row * names.length,
    side = widest(names.map(short)) + 26;
  const wide = maps ? Math.max(110, Math.min(340, room * 0.3)) : Math.min(640, room - side - 10);
  const box = { left: 2, top, width: wide, bottom: tall };
  const { nodes, at } = branches(
    view,
    merges,
    box,
    leaf => top + row * (leaves.indexOf(leaf) + 0.5),
  );
  const tips = names.map((name, index) =>
    svg(
      "g",
      {},
      marker(at(0) + 8, top + row * (index + 0.5), 5, styleOf(name, state.by)),
      text(at(0) + 18, top + row * (index + 0.5), short(name), {
        class: "name",
        "dominant-baseline": "central",
      }),
    ),
  );
  const legend = legendOf(names, state.by, wide + side, tall + 8);
  const tree = drawing(
    wide + side,
    tall + 8 + legend.height,
    `tree of ${names.length} models, ${view.title}`,
    nodes,
    tips,
    legend.nodes,
  );
  tree.style.flex = "none";
  place.replaceChildren(tree);
  document.getElementById("strip-bar")?.remove();
  const bar = saveButtons(`first-${view.method}-${view.metric}-${view.subset}`, () =>
    stripAsSvg(place),
  );
  bar.id = "strip-bar";
  place.after(bar);
  if (!maps) return;
  const columns = Math.max(2, Math.min(20, Math.floor((room - wide - side - 12) / (row + GAP))));
  await drawMaps(place, view, names, (await typicalImages(view)).slice(0, columns), row, top);
}

// Tree and maps as one SVG.
function stripAsSvg(place) {
  const whole = place.getBoundingClientRect();
  const frame = svg("svg", { width: whole.width, height: whole.height }),
    canvas = place.querySelector("canvas");
  frame.innerHTML = asSvg(place.querySelector("svg"));
  if (canvas) {
    const box = canvas.getBoundingClientRect();
    frame.append(
      svg("image", {
        x: box.left - whole.left,
        y: box.top - whole.top,
        width: box.width,
        height: box.height,
        href: canvas.toDataURL(),
      }),
    );
  }
  frame.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return [
    new XMLSerializer().serializeToString(frame),
    Math.round(whole.width),
    Math.round(whole.height),
  ];
}

// A row of maps for each model, beneath the images. All lie on one canvas: each canvas more makes
// the browser slower in all that it draws.
const GAP = 4,
  FREE = 1.5;
async function drawMaps(place, view, names, chosen, row, top) {
  const detail = Math.min(2, 96 / row),
    inner = row - 2 * FREE;
  const canvas = html("canvas", {
    width: Math.round(detail * (chosen.length * (row + GAP) - GAP)),
    height: Math.round(detail * (top + names.length * row)),
    role: "img",
    "aria-label": `maps of ${names.length} models, ${chosen.length} images`,
  });
  const grid = html("div", {
    class: "maps",
    style: `--row:${row}px; --top:${top}px; --columns:${chosen.length}`,
  });
  const heads = chosen.map((image, column) =>
    html("div", {
      role: "img",
      "aria-label": `image ${imageAt(image).id}`,
      "data-tip": [imageAt(image).id, imageAt(image).label].filter(Boolean).join(": "),
      style: `grid-column:${column + 1}`,
    }),
  );
  const rows = names.map(name =>
    chosen.map(image =>
      html("div", {
        class: "map",
        "aria-label": `map of ${name}, image ${imageAt(image).id}`,
        "data-model": name,
        "data-image": imageAt(image).id,
        "data-tip": `${name}, ${imageAt(image).id}: press to see all images`,
        ...pressable(() => {
          choose({
            image: imageAt(image).id,
            ...Object.fromEntries(KEYS.map(key => [key, view[key]])),
          });
          openPair(name, nearestTo(view, name));
        }),
        tabindex: -1,
      }),
    ),
  );
  grid.append(canvas, ...heads, ...rows.flat());
  place.append(grid);
  walkable(rows);
  const small = new OffscreenCanvas(detail * inner, detail * inner),
    context = canvas.getContext("2d");
  const put = (column, y) =>
    context.drawImage(small, detail * (column * (row + GAP) + FREE), detail * y);
  const photographs = await Promise.all(chosen.map(photographOf));
  for (const [column, photograph] of photographs.entries()) {
    paint(small, null, photograph, DATA.maps.methods[view.method]);
    put(column, FREE);
  }
  for (const [number, name] of names.entries())
    for (const [column, image] of chosen.entries()) {
      const map = await mapOf(view.method, image, name);
      if (!map) continue;
      paint(small, displayed(map, "percentile"), photographs[column]);
      put(column, top + number * row + FREE);
    }
}
