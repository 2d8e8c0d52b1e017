// The figures of the chosen view, and the choices.
const FIGURES = [
  ["matrix", drawMatrix, "Dissimilarities"],
  ["tree", drawTree, "Tree"],
  ["points", drawPoints, "Principal coordinates"],
  ["graph", drawGraph, "Communities"],
];
const figures = document.getElementById("figures"),
  choices = document.getElementById("choices");

function listOf(key, title, options) {
  if (options.length < 2) return null;
  return html(
    "label",
    {},
    `${title} `,
    html(
      "select",
      { name: key, onchange: event => choose({ [key]: event.target.value }) },
      options.map(([value, name]) =>
        html("option", { value, selected: value === state[key] }, name),
      ),
    ),
  );
}

const same = name => [name, name];
function showChoices(view) {
  choices.replaceChildren(
    ...[
      listOf("method", "method", valuesOf("method").map(same)),
      listOf(
        "metric",
        "metric",
        [
          ...new Set(DATA.views.filter(one => one.method === view.method).map(one => one.metric)),
        ].map(same),
      ),
      listOf(
        "subset",
        "images",
        [
          ...new Set(
            DATA.views
              .filter(one => one.method === view.method && one.metric === view.metric)
              .map(one => one.subset),
          ),
        ].map(same),
      ),
      listOf("linkage", "linkage", linkagesOf(view).map(same)),
      listOf(
        "by",
        "colour by",
        Object.keys(DATA.columns).map(name => [name, name.replaceAll("_", " ")]),
      ),
      view.partitions
        ? listOf(
            "resolution",
            "resolution",
            view.partitions.map(one => [
              one.resolution,
              one.resolution === "all" ? "consensus" : one.resolution,
            ]),
          )
        : null,
      view.partitions
        ? html(
            "label",
            {},
            "links above ",
            html("input", {
              type: "range",
              min: 0,
              max: 1,
              step: 0.05,
              value: state.share,
              "aria-label": "links above this share of partitions",
              oninput: event => choose({ share: event.target.value }),
            }),
          )
        : null,
    ].filter(Boolean),
  );
}

function captionOf(name, view) {
  const supported = hasSupport(Object.values(view.trees)[0] ?? []);
  return {
    matrix: canOpen(view) ? "Press a cell to see both models' maps." : "",
    tree: supported
      ? "Numbers: percent of bootstrap trees with the clade. Faded: its test is not clear. Dot: a group that the findings name."
      : "",
    points: view.points.ellipses.some(Boolean)
      ? "Ellipses hold 95% of a model's places over resamples of the images."
      : "",
    graph: "Numbers and colours: communities.",
  }[name];
}

let drawnView = 0;

async function showView() {
  const view = currentView(),
    mine = ++drawnView,
    focused = choices.contains(document.activeElement) ? document.activeElement.name : "";
  showChoices(view);
  if (focused) choices.querySelector(`[name="${focused}"]`)?.focus();
  document.getElementById("title").textContent =
    view.title ?? [view.method, view.metric, view.subset].join(", ");
  for (const node of document.querySelectorAll("[data-view]"))
    node.hidden = node.dataset.view !== KEYS.map(key => view[key]).join("/");
  if (view.zoom) {
    const zoomed = await zoomable(view);
    if (mine === drawnView) figures.replaceChildren(zoomed);
    return;
  }
  const order = orderOf(view);
  const drawn = FIGURES.filter(([name]) => name === "matrix" || view.known.length > 1).map(
    ([name, draw, title]) =>
      html(
        "figure",
        { class: "drawn", id: `figure-${name}` },
        html("h3", {}, title),
        html("div", { class: "wide" }, draw(view, order)),
        html("figcaption", {}, captionOf(name, view)),
        saveButtons(`${name}-${view.method}-${view.metric}-${view.subset}`),
      ),
  );
  figures.replaceChildren(...drawn);
}

follow(changed => {
  if (changed.some(key => [...KEYS, "linkage", "by", "resolution"].includes(key)))
    return showView();
  if (changed.includes("share"))
    document.querySelector("#figure-graph .wide")?.replaceChildren(drawGraph(currentView()));
});
