// A matrix that can be zoomed into: its levels are the greys of a picture.
const COLOURS = {{ colours()|tojson }}, MARGIN = 110, UNKNOWN = 255;
for (const place of document.querySelectorAll(".zoom")) {
  const canvas = place.querySelector("canvas"), image = place.querySelector("img"), told = place.querySelector("output");
  const names = JSON.parse(place.querySelector("script").textContent), n = names.length;
  const low = +place.dataset.low, high = +place.dataset.high;
  const context = canvas.getContext("2d"), side = canvas.width - MARGIN;
  const coloured = document.createElement("canvas");
  let levels, cell = side / n, left = 0, top = 0;
  const limit = () => {
    cell = Math.min(Math.max(cell, side / n), 60);
    [left, top] = [left, top].map(start => Math.min(Math.max(start, 0), n - side / cell));
  };
  const draw = () => {
    limit();
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = cell < 1;
    context.drawImage(coloured, left, top, side / cell, side / cell, MARGIN, MARGIN, side, side);
    if (cell < 9) return;
    context.fillStyle = "#1d2129";
    context.font = `${Math.min(cell, 12)}px sans-serif`;
    context.textBaseline = "middle";
    for (let index = 0; index < n; index++) {
      const y = MARGIN + (index + 0.5 - top) * cell, x = MARGIN + (index + 0.5 - left) * cell;
      if (y > MARGIN && y < canvas.height) context.fillText(names[index], 2, y, MARGIN - 6);
      if (x < MARGIN || x > canvas.width) continue;
      context.save();
      context.translate(x, MARGIN - 4);
      context.rotate(-Math.PI / 2);
      context.fillText(names[index], 0, 0, MARGIN - 6);
      context.restore();
    }
  };
  const at = event => {
    const box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
    return [(event.clientX - box.left) * scale - MARGIN, (event.clientY - box.top) * scale - MARGIN];
  };
  const zoom = (factor, x = side / 2, y = side / 2) => {
    const column = left + x / cell, row = top + y / cell;
    cell = factor ? cell * factor : side / n;
    limit();
    left = column - x / cell;
    top = row - y / cell;
    draw();
  };
  const tell = (row, column) => {
    if (row < 0 || column < 0 || row >= n || column >= n) { told.value = ""; return; }
    const level = levels[4 * (row * n + column)];
    const value = level === UNKNOWN ? "not known" : (low + level / 254 * (high - low)).toPrecision(3);
    told.value = row === column ? names[row] : `${names[row]}, ${names[column]}: ${value}`;
  };
  const start = () => {
    coloured.width = coloured.height = n;
    const inner = coloured.getContext("2d");
    inner.drawImage(image, 0, 0);
    const data = inner.getImageData(0, 0, n, n);
    levels = data.data.slice();
    for (let index = 0; index < n * n; index++) data.data.set(COLOURS[levels[4 * index]], 4 * index);
    inner.putImageData(data, 0, 0);
    draw();
  };
  canvas.addEventListener("wheel", event => { event.preventDefault(); zoom(event.deltaY < 0 ? 1.25 : 0.8, ...at(event)); }, { passive: false });
  canvas.addEventListener("pointermove", event => {
    const [x, y] = at(event);
    if (event.buttons) {
      const scale = canvas.width / canvas.getBoundingClientRect().width;
      left -= event.movementX * scale / cell;
      top -= event.movementY * scale / cell;
      draw();
    } else if (x >= 0 && y >= 0) tell(Math.floor(top + y / cell), Math.floor(left + x / cell));
  });
  for (const button of place.querySelectorAll("button")) button.addEventListener("click", () => zoom(+button.dataset.zoom));
  place.querySelector("input").addEventListener("input", event => {
    const index = names.findIndex(name => event.target.value && name.toLowerCase().includes(event.target.value.toLowerCase()));
    if (index < 0) { told.value = event.target.value ? "no such model" : ""; return; }
    cell = Math.max(cell, 14);
    left = top = index - side / cell / 2;
    draw();
    told.value = names[index];
  });
  image.decode().then(start);
}
