// Below two models' maps: the values of all images, and all their maps in small.
// The values of all images on a line, with their mean and chance.
function showSpread() {
  const target = dialog.querySelector(".spread");
  if (!shown.values) return target.replaceChildren();
  const { view } = shown,
    place = pairPlace(
      view.names.indexOf(shown.one),
      view.names.indexOf(shown.other),
      view.names.length,
    );
  const known = shown.values.filter(value => !Number.isNaN(value)),
    chance = view.cells.chance?.[place];
  const low = Math.min(0, ...known),
    high = Math.max(...known, chance ?? 0) || 1,
    width = 620,
    at = value => 30 + ((width - 60) * (value - low)) / (high - low);
  const dots = shown.order
    .filter(one => !Number.isNaN(shown.values[one]))
    .map(one =>
      svg("circle", {
        cx: at(shown.values[one]),
        cy: 20,
        r: one === shown.order[shown.at] ? 6 : 4,
        class: one === shown.order[shown.at] ? "dot chosen" : "dot",
        tip: () => `${imageAt(one).id}: ${brief(shown.values[one], 3)}`,
        onclick: () => {
          shown.at = shown.order.indexOf(one);
          showImage();
        },
      }),
    );
  // Near one another, the names stand to the left and the right of their lines.
  const mark = (value, title, anchor) =>
    value == null
      ? []
      : [
          svg("line", {
            x1: at(value),
            x2: at(value),
            y1: 6,
            y2: 34,
            class: title === "chance" ? "chance" : "mean",
          }),
          text(at(value), 46, `${title} ${brief(value)}`, {
            "text-anchor": anchor,
            "font-size": 11,
          }),
        ];
  const value = view.cells.value[place],
    apart = chance == null || Math.abs(at(chance) - at(value)) > 90;
  target.replaceChildren(
    drawing(
      width,
      52,
      "dissimilarities of all images",
      svg("line", { x1: 30, x2: width - 30, y1: 20, y2: 20, class: "axis" }),
      dots,
      mark(value, "mean", apart ? "middle" : chance > value ? "end" : "start"),
      mark(chance, "chance", apart ? "middle" : chance > value ? "start" : "end"),
    ),
  );
}

// All images in small; their maps are drawn one after another, when they come into sight.
let waiting = [],
  busy = false;
const seen = new IntersectionObserver(
  entries => {
    for (const { isIntersecting, target } of entries)
      if (isIntersecting) {
        seen.unobserve(target);
        waiting.push(target);
      }
    drawCards();
  },
  { rootMargin: "100px" },
);

async function drawCards() {
  if (busy) return;
  busy = true;
  try {
    while (waiting.length && dialog.open) {
      await showCard(waiting.shift());
      // A click in between is answered first.
      await new Promise(done => setTimeout(done));
    }
  } finally {
    busy = false;
  }
}

async function showCard(card) {
  const [photograph, ...maps] = await decoded(+card.dataset.place);
  for (const [number, canvas] of card.querySelectorAll("canvas").entries())
    paint(canvas, displayed(maps[number], shown.range), shown.over ? photograph : null);
}

function showAll() {
  seen.disconnect();
  waiting = [];
  const counts = place => shown.values && !Number.isNaN(shown.values[place]);
  const cards = shown.order.map((place, at) =>
    html(
      "button",
      {
        class: [
          "card",
          shown.values && !counts(place) ? "uncounted" : "",
          at === shown.at ? "chosen" : "",
        ].join(" "),
        "data-place": place,
        onclick: () => {
          shown.at = at;
          showImage();
          dialog.scrollTo({ top: 0, behavior: "smooth" });
        },
      },
      [shown.one, shown.other].map(name =>
        html("canvas", {
          width: 72,
          height: 72,
          role: "img",
          "aria-label": `map of ${name}, image ${imageAt(place).id}`,
        }),
      ),
      html(
        "span",
        {},
        counts(place)
          ? brief(shown.values[place])
          : shown.values
            ? "does not count"
            : imageAt(place).id,
      ),
    ),
  );
  dialog.querySelector(".all").replaceChildren(...cards);
  for (const card of cards) seen.observe(card);
}
