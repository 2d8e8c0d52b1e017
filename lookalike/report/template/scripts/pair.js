// Two models side by side: all images, sorted by how much they disagree, with both maps.
const dialog = html("dialog", { id: "pair", "aria-label": "two models, image by image" });
document.body.append(dialog);
const shown = {
  one: "",
  other: "",
  order: [],
  at: 0,
  sort: "most",
  over: true,
  range: "percentile",
};
const values = new Map();
// What is asked for later wins: what was begun before is dropped.
let asked = 0;

function valuesOfView(view) {
  if (!values.has(view)) values.set(view, unpackValues(view.values));
  return values.get(view);
}

// The dissimilarity of a pair on each of the kept images; null where values are not in the page.
async function valuesOfPair(view, one, other) {
  if (!view.values) return null;
  const all = await valuesOfView(view),
    m = view.names.length,
    pairs = (m * (m - 1)) / 2;
  const place = pairPlace(view.names.indexOf(one), view.names.indexOf(other), m);
  const of = new Map(view.images.map((image, row) => [image, all[row * pairs + place]]));
  return DATA.maps.of.map(index => of.get(DATA.images[index].id) ?? NaN);
}

const imageAt = place => DATA.images[DATA.maps.of[place]];

const isPair = (view, one, other) =>
  one !== other && [one, other].every(name => view.names.includes(name) && hasMaps(view, name));

function openPair(one, other) {
  // A model that is chosen a second time changes places with the other one.
  const [first, second] = one === other ? [shown.other, shown.one] : [one, other];
  if (isPair(currentView(), first, second)) choose({ pair: `${first}~${second}` }, "pair");
}

function closePair() {
  if (dialog.open) dialog.close();
}
// The event comes late: by then another pair may have been opened, or waits for its values.
let opening = false;
dialog.addEventListener("close", () => {
  if (!opening && !dialog.open) choose({ pair: "", image: "" }, "pair");
});

follow(async changed => {
  if (!state.pair) {
    asked++;
    return closePair();
  }
  if (!["pair", "image", ...KEYS].some(key => changed.includes(key))) return;
  const view = currentView(),
    [one, other] = state.pair.split("~");
  if (!isPair(view, one, other)) return closePair();
  if (changed.length === 1 && changed[0] === "image" && dialog.open) return;
  await showPair(view, one, other);
});

async function showPair(view, one, other) {
  const mine = ++asked;
  opening = !dialog.open;
  const values = await valuesOfPair(view, one, other);
  if (mine !== asked) return;
  Object.assign(shown, { view, one, other, values });
  sortImages();
  const wanted = shown.order.findIndex(place => imageAt(place).id === state.image);
  shown.at = Math.max(0, wanted);
  // Its pictures are decoded while the page is laid out.
  const first = decoded(shown.order[shown.at]);
  frame(view);
  if (!dialog.open) {
    dialog.showModal();
    dialog.querySelector(".close").focus();
    opening = false;
  }
  await showImage(first);
  // Both maps are on the screen first.
  await new Promise(done => setTimeout(done));
  if (dialog.open) showAll();
}

function sortImages() {
  const places = DATA.maps.of.map((_, place) => place),
    sign = shown.sort === "most" ? -1 : 1;
  shown.order =
    shown.sort === "images" || !shown.values
      ? places
      : places.sort(
          (a, b) =>
            Number.isNaN(shown.values[a]) - Number.isNaN(shown.values[b]) ||
            sign * (shown.values[a] - shown.values[b]),
        );
}

function turn(step) {
  const next = shown.at + step;
  if (next < 0 || next >= shown.order.length) return;
  shown.at = next;
  showImage();
}
dialog.addEventListener("keydown", event => {
  if (event.target.tagName === "SELECT") return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) {
    event.preventDefault();
    turn(step);
  }
});

// The image, or null, and both maps as they are displayed.
const decoded = place =>
  Promise.all([
    photographOf(place),
    mapOf(shown.view.method, place, shown.one),
    mapOf(shown.view.method, place, shown.other),
  ]);

async function showImage(first) {
  const mine = ++asked,
    place = shown.order[shown.at],
    image = imageAt(place);
  const [photograph, ...maps] = await (first ?? decoded(place));
  const [one, other] = maps.map(map => displayed(map, shown.range));
  if (mine !== asked) return;
  const told = name =>
    DATA.predictions?.[name]
      ? `${name} predicts ${DATA.predictions[name][DATA.maps.of[place]]}`
      : name;
  const cells = [
    photograph
      ? [picture(`image ${image.id}`), image.label ? `image: ${image.label}` : "image", null]
      : null,
    [picture(`map of ${shown.one}`), told(shown.one), one],
    [picture(`map of ${shown.other}`), told(shown.other), other],
    [
      picture("difference of both maps"),
      `red: more in ${shown.one}, blue: more in ${shown.other}`,
      difference(one, other),
    ],
  ].filter(Boolean);
  for (const [index, [canvas, , map]] of cells.entries())
    paint(canvas, map, map && (index === cells.length - 1 || !shown.over) ? null : photograph, one);
  dialog
    .querySelector(".pictures")
    .replaceChildren(
      ...cells.map(([canvas, title]) => html("figure", {}, canvas, html("figcaption", {}, title))),
    );
  const value = shown.values?.[place];
  dialog.querySelector(".where").textContent = [
    `${shown.at + 1} of ${shown.order.length} images`,
    image.id,
    value === undefined
      ? null
      : Number.isNaN(value)
        ? "does not count for this pair"
        : `${shown.view.metric} dissimilarity ${brief(value, 3)}`,
    image.explained ? `explained: ${image.explained}` : null,
  ]
    .filter(Boolean)
    .join(" · ");
  for (const card of dialog.querySelectorAll(".card"))
    card.classList.toggle("chosen", +card.dataset.place === place);
  showSpread();
  choose({ image: image.id }, "image");
}
