// A matrix of very many models that can be zoomed into: its levels are the greys of a picture.
const NAMES = 110,
  UNKNOWN_LEVEL = 255;
async function zoomable(view) {
  const { names, high, chance } = view.zoom,
    n = names.length,
    image = await pictureFrom(view.zoom.picture, "png");
  const canvas = html("canvas", {
      width: 900,
      height: 900,
      role: "img",
      "aria-label": `all dissimilarities of ${n} models`,
    }),
    told = html("output");
  const context = canvas.getContext("2d"),
    side = canvas.width - NAMES,
    coloured = new OffscreenCanvas(n, n),
    end = chance ?? high;
  const colours = Array.from({ length: 256 }, (_, level) =>
    level === UNKNOWN_LEVEL
      ? [190, 190, 190]
      : (value => (value <= end ? mix(NEAR, value / end) : mix(BEYOND, (value - end) / end)))(
          (level / 254) * high,
        ),
  );
  let cell = side / n,
    left = 0,
    top = 0;
  const inner = coloured.getContext("2d", { willReadFrequently: true });
  inner.drawImage(image, 0, 0);
  const data = inner.getImageData(0, 0, n, n),
    levels = data.data.slice();
  for (let index = 0; index < n * n; index++)
    data.data.set([...colours[levels[4 * index]], 255], 4 * index);
  inner.putImageData(data, 0, 0);
  const limit = () => {
    cell = Math.min(Math.max(cell, side / n), 60);
    [left, top] = [left, top].map(start => Math.min(Math.max(start, 0), n - side / cell));
  };
  const draw = () => {
    limit();
    context.fillStyle = getComputedStyle(document.body).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = cell < 1;
    context.drawImage(coloured, left, top, side / cell, side / cell, NAMES, NAMES, side, side);
    if (cell < 9) return;
    context.fillStyle = getComputedStyle(document.body).color;
    context.font = `${Math.min(cell, 12)}px sans-serif`;
    context.textBaseline = "middle";
    for (let index = 0; index < n; index++) {
      const y = NAMES + (index + 0.5 - top) * cell,
        x = NAMES + (index + 0.5 - left) * cell;
      if (y > NAMES && y < canvas.height) context.fillText(names[index], 2, y, NAMES - 6);
      if (x < NAMES || x > canvas.width) continue;
      context.save();
      context.translate(x, NAMES - 4);
      context.rotate(-Math.PI / 2);
      context.fillText(names[index], 0, 0, NAMES - 6);
      context.restore();
    }
  };
  const at = event => {
    const box = canvas.getBoundingClientRect(),
      scale = canvas.width / box.width;
    return [(event.clientX - box.left) * scale - NAMES, (event.clientY - box.top) * scale - NAMES];
  };
  const zoom = (factor, x = side / 2, y = side / 2) => {
    const column = left + x / cell,
      row = top + y / cell;
    cell = factor ? cell * factor : side / n;
    limit();
    left = column - x / cell;
    top = row - y / cell;
    draw();
  };
  const say = (row, column) => {
    if (row < 0 || column < 0 || row >= n || column >= n) {
      told.value = "";
      return;
    }
    const level = levels[4 * (row * n + column)];
    const value = level === UNKNOWN_LEVEL ? "not known" : brief((level / 254) * high, 3);
    told.value = row === column ? names[row] : `${names[row]}, ${names[column]}: ${value}`;
  };
  canvas.addEventListener(
    "wheel",
    event => {
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.25 : 0.8, ...at(event));
    },
    { passive: false },
  );
  canvas.addEventListener("pointermove", event => {
    const [x, y] = at(event);
    if (event.buttons) {
      const scale = canvas.width / canvas.getBoundingClientRect().width;
      left -= (event.movementX * scale) / cell;
      top -= (event.movementY * scale) / cell;
      draw();
    } else if (x >= 0 && y >= 0) say(Math.floor(top + y / cell), Math.floor(left + x / cell));
  });
  const find = event => {
    const wanted = event.target.value.toLowerCase(),
      index = names.findIndex(name => wanted && name.toLowerCase().includes(wanted));
    if (index < 0) {
      told.value = wanted ? "no such model" : "";
      return;
    }
    cell = Math.max(cell, 14);
    left = top = index - side / cell / 2;
    draw();
    told.value = names[index];
  };
  draw();
  return html(
    "div",
    { class: "zoom" },
    html(
      "p",
      { class: "note" },
      `All dissimilarities in the order of the tree, from 0 (dark) to ${chance === null ? "the largest" : `chance, ${brief(end)}`}. Wheel or buttons: nearer or farther; drag: move; point at a cell: its models and their dissimilarity, to a 250th of ${brief(high)}.`,
    ),
    html(
      "p",
      {},
      [
        ["nearer", 1.5],
        ["farther", 0.667],
        ["all", 0],
      ].map(([name, factor]) => html("button", { onclick: () => zoom(factor) }, name)),
      html("label", {}, " find a model: ", html("input", { type: "search", oninput: find })),
      " ",
      told,
    ),
    canvas,
  );
}
