// What stands around two models' maps: their names, numbers and choices.
const picture = (label, attributes = {}) =>
  html("canvas", { width: 280, height: 280, role: "img", "aria-label": label, ...attributes });
const choice = (label, value, options, action, name = label) =>
  html(
    "label",
    {},
    name === label ? `${label} ` : "",
    html(
      "select",
      { "aria-label": name, onchange: event => action(event.target.value) },
      options.map(([name, title]) =>
        html("option", { value: name, selected: name === value }, title),
      ),
    ),
  );

function frame(view) {
  const able = view.names.filter(name => hasMaps(view, name)).map(name => [name, name]);
  const redraw = () => showImage().then(showAll);
  const again = () => {
    sortImages();
    shown.at = 0;
    redraw();
  };
  const focused = dialog.contains(document.activeElement)
    ? document.activeElement.getAttribute("aria-label")
    : null;
  dialog.replaceChildren(
    html(
      "header",
      {},
      html(
        "h2",
        {},
        choice("", shown.one, able, name => openPair(name, shown.other), "one model"),
        " and ",
        choice("", shown.other, able, name => openPair(shown.one, name), "other model"),
      ),
      html("button", { class: "close", onclick: closePair }, "Close"),
    ),
    html(
      "p",
      { class: "numbers" },
      describePair(view, view.names.indexOf(shown.one), view.names.indexOf(shown.other))
        .split("\n")
        .slice(1)
        .join(" · "),
    ),
    html(
      "div",
      { class: "choices" },
      choice(
        "method",
        view.method,
        [
          ...new Set(
            DATA.views
              .filter(other => hasMaps(other, shown.one) && hasMaps(other, shown.other))
              .map(other => other.method),
          ),
        ].map(name => [name, name]),
        method => choose({ method }),
      ),
      choice(
        "metric",
        view.metric,
        [
          ...new Set(
            DATA.views.filter(other => other.method === view.method).map(other => other.metric),
          ),
        ].map(name => [name, name]),
        metric => choose({ metric }),
      ),
      choice(
        "images",
        view.subset,
        DATA.views
          .filter(other => other.method === view.method && other.metric === view.metric)
          .map(other => [other.subset, other.subset]),
        subset => choose({ subset }),
      ),
      shown.values
        ? choice(
            "order",
            shown.sort,
            [
              ["most", "most disagreement first"],
              ["least", "least disagreement first"],
              ["images", "in the order of the run"],
            ],
            sort => {
              shown.sort = sort;
              again();
            },
          )
        : null,
      choice(
        "colours to",
        shown.range,
        [
          ["percentile", "the 99th percentile"],
          ["largest", "the largest value"],
        ],
        range => {
          shown.range = range;
          redraw();
        },
      ),
      DATA.maps.photographs.some(Boolean)
        ? html(
            "label",
            {},
            html("input", {
              type: "checkbox",
              checked: shown.over,
              onchange: event => {
                shown.over = event.target.checked;
                redraw();
              },
            }),
            " over the image",
          )
        : null,
    ),
    html(
      "div",
      { class: "now" },
      html("button", { class: "turn", "aria-label": "image before", onclick: () => turn(-1) }, "‹"),
      html("div", { class: "pictures" }),
      html("button", { class: "turn", "aria-label": "next image", onclick: () => turn(1) }, "›"),
    ),
    html("p", { class: "where", "aria-live": "polite" }),
    html("div", { class: "spread" }),
    html("div", { class: "all" }),
  );
  if (focused)
    [...dialog.querySelectorAll("select")]
      .find(node => node.getAttribute("aria-label") === focused)
      ?.focus();
}
