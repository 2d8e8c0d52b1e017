// Principal coordinates, with ellipses that hold 95% of a model's places over resamples.
function drawPoints(view) {
  const { at, explained, ellipses } = view.points,
    names = view.known.map(index => view.names[index]);
  const width = drawingWidth(),
    height = 430,
    pad = 46;
  const reach = [0, 1].map(axis =>
    at.flatMap((point, place) => {
      const wide = ellipses[place] ? Math.max(ellipses[place][0], ellipses[place][1]) / 2 : 0;
      return [point[axis] - wide, point[axis] + wide];
    }),
  );
  const [low, high] = [reach.map(one => Math.min(...one)), reach.map(one => Math.max(...one))];
  const scale = Math.min(
    (width - 2 * pad) / (high[0] - low[0] || 1),
    (height - 2 * pad) / (high[1] - low[1] || 1),
  );
  const x = value => width / 2 + (value - (low[0] + high[0]) / 2) * scale;
  const y = value => height / 2 - (value - (low[1] + high[1]) / 2) * scale;
  const many = names.length;
  const rings = at.map(
    ([a, b], place) =>
      ellipses[place] &&
      svg("ellipse", {
        rx: (ellipses[place][0] / 2) * scale,
        ry: (ellipses[place][1] / 2) * scale,
        transform: `translate(${x(a)},${y(b)}) rotate(${-ellipses[place][2]})`,
        fill: styleOf(names[place], state.by).colour,
        "fill-opacity": Math.min(0.16, 1.2 / many),
        stroke: styleOf(names[place], state.by).colour,
        "stroke-opacity": 0.25,
      }),
  );
  const points = at.map(([a, b], place) => ({ x: x(a), y: y(b), name: names[place] }));
  const dots = points.map(point =>
    svg("g", leafOf(view, point.name), marker(point.x, point.y, 6, styleOf(point.name, state.by))),
  );
  const legend = legendOf(names, state.by, width, height + 22);
  return drawing(
    width,
    height + 26 + legend.height,
    `principal coordinates, ${view.title}`,
    svg("line", { x1: 0, x2: width, y1: y(0), y2: y(0), class: "zero" }),
    svg("line", { x1: x(0), x2: x(0), y1: 0, y2: height, class: "zero" }),
    rings,
    placeLabels(points, width, height, 7),
    dots,
    text(
      width / 2,
      height + 14,
      `principal coordinate 1 (${percent(explained[0] ?? 0)} of the variation)`,
      { "text-anchor": "middle" },
    ),
    text(0, 0, `principal coordinate 2 (${percent(explained[1] ?? 0)})`, {
      transform: `translate(11,${height / 2}) rotate(-90)`,
      "text-anchor": "middle",
    }),
    legend.nodes,
  );
}
