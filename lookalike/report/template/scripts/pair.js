// Two models side by side: all images, sorted by how much they disagree, with both maps.
const dialog = html("dialog", { id: "pair", "aria-label": "two models, image by image" });
document.body.append(dialog);
const shown = { one: "", other: "", order: [], at: 0, sort: "most", over: true, range: "percentile" };
const values = new Map();

function valuesOfView(view) {
  if (!values.has(view)) values.set(view, unpackValues(view.values));
  return values.get(view);
}

// The dissimilarity of a pair on each of the kept images; null where values are not in the page.
async function valuesOfPair(view, one, other) {
  if (!view.values) return null;
  const all = await valuesOfView(view), m = view.names.length, pairs = m * (m - 1) / 2;
  const place = pairPlace(view.names.indexOf(one), view.names.indexOf(other), m);
  const of = new Map(view.images.map((image, row) => [image, all[row * pairs + place]]));
  return DATA.maps.of.map(index => of.get(DATA.images[index].id) ?? NaN);
}

const imageAt = place => DATA.images[DATA.maps.of[place]];

function openPair(one, other) {
  const view = currentView(), able = view.names.filter(name => hasMaps(view, name));
  if (!able.includes(one) || !able.includes(other)) return;
  choose({ pair: `${one}~${other}` }, "pair");
}

function closePair() {
  if (dialog.open) dialog.close();
}
dialog.addEventListener("close", () => choose({ pair: "", image: "" }, "pair"));

follow(async changed => {
  if (!state.pair) return closePair();
  if (!["pair", "image", ...KEYS].some(key => changed.includes(key))) return;
  const view = currentView(), [one, other] = state.pair.split("~");
  if (![one, other].every(name => view.names.includes(name) && hasMaps(view, name))) return closePair();
  if (changed.length === 1 && changed[0] === "image" && dialog.open) return;
  await showPair(view, one, other);
});

async function showPair(view, one, other) {
  Object.assign(shown, { one, other });
  shown.values = await valuesOfPair(view, one, other);
  sortImages();
  const wanted = shown.order.findIndex(place => imageAt(place).id === state.image);
  shown.at = Math.max(0, wanted);
  frame(view);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(".close").focus();
  await showImage();
  showAll();
}

function sortImages() {
  const places = DATA.maps.of.map((_, place) => place), sign = shown.sort === "most" ? -1 : 1;
  shown.order = shown.sort === "images" || !shown.values ? places
    : places.sort((a, b) => (Number.isNaN(shown.values[a]) - Number.isNaN(shown.values[b])) || sign * (shown.values[a] - shown.values[b]));
}

const picture = (label, attributes = {}) => html("canvas", { width: 280, height: 280, role: "img", "aria-label": label, ...attributes });
const choice = (label, value, options, action, name = label) => html("label", {}, name === label ? `${label} ` : "", html("select", { "aria-label": name, onchange: event => action(event.target.value) },
  options.map(([name, title]) => html("option", { value: name, selected: name === value }, title))));

function frame(view) {
  const able = view.names.filter(name => hasMaps(view, name)).map(name => [name, name]);
  const redraw = () => showImage().then(showAll);
  const again = () => { sortImages(); shown.at = 0; redraw(); };
  dialog.replaceChildren(
    html("header", {},
      html("h2", {}, choice("", shown.one, able, name => openPair(name, shown.other), "one model"), " and ", choice("", shown.other, able, name => openPair(shown.one, name), "other model")),
      html("button", { class: "close", onclick: closePair }, "Close")),
    html("p", { class: "numbers" }, describePair(view, view.names.indexOf(shown.one), view.names.indexOf(shown.other)).split("\n").slice(1).join(" · ")),
    html("div", { class: "choices" },
      choice("method", view.method, [...new Set(DATA.views.filter(other => hasMaps(other, shown.one) && hasMaps(other, shown.other)).map(other => other.method))].map(name => [name, name]), method => choose({ method })),
      choice("metric", view.metric, [...new Set(DATA.views.filter(other => other.method === view.method).map(other => other.metric))].map(name => [name, name]), metric => choose({ metric })),
      shown.values ? choice("images", shown.sort, [["most", "most disagreement first"], ["least", "least disagreement first"], ["images", "in the order of the run"]], sort => { shown.sort = sort; again(); }) : null,
      choice("colours to", shown.range, [["percentile", "the 99th percentile"], ["largest", "the largest value"]], range => { shown.range = range; redraw(); }),
      DATA.maps.photographs.some(Boolean) ? html("label", {}, html("input", { type: "checkbox", checked: shown.over, onchange: event => { shown.over = event.target.checked; redraw(); } }), " over the image") : null),
    html("div", { class: "now" }, html("button", { class: "turn", "aria-label": "image before", onclick: () => turn(-1) }, "‹"),
      html("div", { class: "pictures" }), html("button", { class: "turn", "aria-label": "next image", onclick: () => turn(1) }, "›")),
    html("p", { class: "where", "aria-live": "polite" }), html("div", { class: "spread" }), html("div", { class: "all" }));
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
  if (step) { event.preventDefault(); turn(step); }
});

async function mapsAt(place) {
  const { method } = currentView();
  const found = await Promise.all([shown.one, shown.other].map(name => mapOf(method, place, name)));
  return found.map(map => displayed(map, shown.range));
}

// What is asked for later wins: what was begun before is dropped.
let asked = 0;

async function showImage() {
  const mine = ++asked, place = shown.order[shown.at], image = imageAt(place);
  const [photograph, [one, other]] = await Promise.all([photographOf(place), mapsAt(place)]);
  if (mine !== asked) return;
  const told = name => DATA.predictions?.[name] ? `${name}: ${DATA.predictions[name][DATA.maps.of[place]]}` : name;
  const cells = [
    photograph ? [picture(`image ${image.id}`), image.label ? `image: ${image.label}` : "image", null] : null,
    [picture(`map of ${shown.one}`), told(shown.one), one],
    [picture(`map of ${shown.other}`), told(shown.other), other],
    [picture("difference of both maps"), `red: ${shown.one}, blue: ${shown.other}`, difference(one, other)],
  ].filter(Boolean);
  await Promise.all(cells.map(([canvas, , map], index) =>
    paint(canvas, map, map && index === cells.length - 1 ? null : map && !shown.over ? null : photograph)));
  if (mine !== asked) return;
  dialog.querySelector(".pictures").replaceChildren(...cells.map(([canvas, title]) => html("figure", {}, canvas, html("figcaption", {}, title))));
  const value = shown.values?.[place];
  dialog.querySelector(".where").textContent = [`${shown.at + 1} of ${shown.order.length}`, image.id,
    value === undefined ? null : Number.isNaN(value) ? "does not count for this pair" : `${currentView().metric} dissimilarity ${brief(value, 3)}`,
    image.explained ? `explained: ${image.explained}` : null].filter(Boolean).join(" · ");
  for (const card of dialog.querySelectorAll(".card")) card.classList.toggle("chosen", +card.dataset.place === place);
  showSpread();
  state.image = image.id;
  choose({ image: image.id }, "image");
}

// The values of all images on a line, with their mean and chance.
function showSpread() {
  const target = dialog.querySelector(".spread");
  if (!shown.values) return target.replaceChildren();
  const view = currentView(), place = pairPlace(view.names.indexOf(shown.one), view.names.indexOf(shown.other), view.names.length);
  const known = shown.values.filter(value => !Number.isNaN(value)), chance = view.cells.chance?.[place];
  const low = Math.min(0, ...known), high = Math.max(...known, chance ?? 0) || 1, width = 620, at = value => 30 + (width - 60) * (value - low) / (high - low);
  const dots = shown.order.filter(one => !Number.isNaN(shown.values[one])).map(one => svg("circle", {
    cx: at(shown.values[one]), cy: 20, r: one === shown.order[shown.at] ? 6 : 4, class: one === shown.order[shown.at] ? "dot chosen" : "dot",
    tip: () => `${imageAt(one).id}: ${brief(shown.values[one], 3)}`, onclick: () => { shown.at = shown.order.indexOf(one); showImage(); } }));
  const mark = (value, title) => value === undefined || value === null ? [] : [svg("line", { x1: at(value), x2: at(value), y1: 6, y2: 34, class: title === "chance" ? "chance" : "mean" }),
    text(at(value), 46, `${title} ${brief(value)}`, { "text-anchor": "middle", "font-size": 11 })];
  const value = view.cells.value[place], apart = chance === undefined || Math.abs(at(chance) - at(value)) > 90;
  target.replaceChildren(drawing(width, 52, "dissimilarities of all images",
    svg("line", { x1: 30, x2: width - 30, y1: 20, y2: 20, class: "axis" }), dots, mark(value, "mean"), apart ? mark(chance, "chance") : []));
}

// All images in small; their maps are drawn one after another, when they come into sight.
let waiting = [], busy = false;
const seen = new IntersectionObserver(entries => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) { seen.unobserve(target); waiting.push(target); }
  drawCards();
}, { rootMargin: "100px" });

async function drawCards() {
  if (busy) return;
  busy = true;
  while (waiting.length && dialog.open) {
    await showCard(waiting.shift());
    // A click in between is answered first.
    await new Promise(done => setTimeout(done));
  }
  busy = false;
}

async function showCard(card) {
  const place = +card.dataset.place, photograph = shown.over ? await photographOf(place) : null;
  const [one, other] = await mapsAt(place), canvases = card.querySelectorAll("canvas");
  await Promise.all([paint(canvases[0], one, photograph), paint(canvases[1], other, photograph)]);
}

function showAll() {
  seen.disconnect();
  waiting = [];
  const cards = shown.order.map((place, at) => html("button", { class: "card", "data-place": place, onclick: () => { shown.at = at; showImage(); dialog.scrollTo({ top: 0, behavior: "smooth" }); } },
    [shown.one, shown.other].map(name => html("canvas", { width: 72, height: 72, role: "img", "aria-label": `map of ${name}, image ${imageAt(place).id}` })),
    html("span", {}, shown.values && !Number.isNaN(shown.values[place]) ? brief(shown.values[place]) : imageAt(place).id)));
  dialog.querySelector(".all").replaceChildren(...cards);
  for (const card of cards) seen.observe(card);
}
