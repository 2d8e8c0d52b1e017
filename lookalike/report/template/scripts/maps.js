// Maps: pictures of grey levels, unpacked when they are asked for, and coloured here.
const sheets = new Map();
const MOST_SHEETS = 160,
  DISPLAYED = 0.99;
const hasMaps = (view, name) => Boolean(DATA.maps?.methods[view.method]?.models.includes(name));
const canOpen = view => view.names.filter(name => hasMaps(view, name)).length > 1;

const pictureFrom = (content, kind) =>
  createImageBitmap(new Blob([bytesOf(content)], { type: `image/${kind}` }), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
const pictureOf = (block, kind) => pictureFrom(textOf(block), kind);

// The levels of the maps of all models for one of the kept images.
function sheetOf(method, place) {
  const block = DATA.maps.methods[method].sheets[place];
  if (!sheets.has(block)) {
    sheets.set(
      block,
      pictureOf(block, "png").then(picture => {
        const canvas = new OffscreenCanvas(picture.width, picture.height),
          context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(picture, 0, 0);
        const { data } = context.getImageData(0, 0, picture.width, picture.height);
        const levels = new Uint8Array(data.length / 4);
        for (let pixel = 0; pixel < levels.length; pixel++) levels[pixel] = data[4 * pixel];
        return { levels, width: picture.width };
      }),
    );
    if (sheets.size > MOST_SHEETS) sheets.delete(sheets.keys().next().value);
  }
  return sheets.get(block);
}

// A map as values from -1 to 1, 1 being its largest absolute value; null where a model has none.
async function mapOf(method, place, model) {
  const about = DATA.maps.methods[method],
    number = about.models.indexOf(model);
  if (number < 0) return null;
  const left = (number % about.columns) * about.width,
    top = Math.floor(number / about.columns) * about.height;
  const { levels, width } = await sheetOf(method, place),
    values = new Float32Array(about.height * about.width);
  for (let row = 0; row < about.height; row++)
    for (let x = 0; x < about.width; x++) {
      const level = levels[(top + row) * width + left + x];
      const root = about.signed ? (level - 128) / 127 : level / 255;
      values[row * about.width + x] = root * Math.abs(root);
    }
  return { values, height: about.height, width: about.width, signed: about.signed };
}

// Values as a share of the range that is displayed: to the largest, or to the 99th percentile.
function displayed(map, range) {
  if (!map) return null;
  const sizes = map.values.map(Math.abs).sort();
  const end =
    (range === "largest" ? sizes.at(-1) : sizes[Math.floor(DISPLAYED * (sizes.length - 1))]) ||
    sizes.at(-1) ||
    1;
  return { ...map, values: map.values.map(value => Math.max(-1, Math.min(1, value / end))) };
}

const photographOf = place =>
  DATA.maps.photographs[place] ? pictureOf(DATA.maps.photographs[place], "jpeg") : null;

const scratch = new OffscreenCanvas(1, 1);

// Draw a map; over the image, what matters little lets the image through.
function paint(canvas, map, photograph, shape = map) {
  const context = canvas.getContext("2d"),
    side = Math.max(shape?.width ?? 1, shape?.height ?? 1);
  const wide = shape ? shape.width / side : 1,
    high = shape ? shape.height / side : 1;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (photograph) {
    context.filter = map ? "grayscale(0.7) brightness(1.05)" : "none";
    context.drawImage(photograph, 0, 0, canvas.width * wide, canvas.height * high);
    context.filter = "none";
  }
  if (!map) return;
  const pixels = new ImageData(map.width, map.height),
    colours = map.signed ? OF_SIGNED : OF_UNSIGNED;
  for (const [pixel, value] of map.values.entries()) {
    const level = Math.round(map.signed ? 127.5 + 127.5 * value : 255 * Math.max(0, value));
    pixels.data.set(colours[level], 4 * pixel);
    pixels.data[4 * pixel + 3] = photograph ? Math.round(225 * Math.abs(value) ** 0.6) : 255;
  }
  Object.assign(scratch, { width: map.width, height: map.height });
  scratch.getContext("2d").putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, 0, 0, canvas.width * wide, canvas.height * high);
}

// How far two maps are apart, pixel by pixel, each over its displayed range.
const difference = (one, other) => ({
  ...one,
  signed: true,
  values: one.values.map((value, pixel) => (value - other.values[pixel]) / (one.signed ? 2 : 1)),
});
