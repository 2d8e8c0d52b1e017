// The graph of communities: a link where enough partitions put two models together.
const partitionOf = view =>
  view.partitions.find(one => one.resolution === state.resolution) ?? view.partitions.at(-1);

function drawGraph(view) {
  const names = view.known.map(index => view.names[index]),
    m = names.length;
  const width = drawingWidth(),
    height = 430,
    pad = 44,
    share = +state.share,
    partition = partitionOf(view);
  const ends = [0, 1].map(axis => [
    Math.min(...view.layout.map(point => point[axis])),
    Math.max(...view.layout.map(point => point[axis])),
  ]);
  const within = (value, [low, high], size) =>
    pad + (size - 2 * pad) * (high > low ? (value - low) / (high - low) : 0.5);
  const points = view.layout.map(([a, b], place) => ({
    x: within(a, ends[0], width),
    y: within(b, ends[1], height),
    name: names[place],
  }));
  const community = place => partition.communities[place];
  const links = [];
  for (let one = 0; one < m; one++)
    for (let other = one + 1; other < m; other++) {
      const together = view.together[pairPlace(one, other, m)];
      if (together === null || together < share || together === 0) continue;
      const same = community(one) === community(other);
      links.push({
        same,
        node: svg("line", {
          x1: points[one].x,
          y1: points[one].y,
          x2: points[other].x,
          y2: points[other].y,
          class: same ? "link same" : "link",
          "stroke-width": 0.6 + (3 * (together - share)) / (1 - share || 1),
          tip: () =>
            `${names[one]} and ${names[other]}: together in ${percent(together)} of the partitions`,
        }),
      });
    }
  links.sort((one, other) => one.same - other.same);
  const dots = points.map((point, place) => {
    const colour = COMMUNITIES[(community(place) - 1) % COMMUNITIES.length];
    return svg(
      "g",
      {
        ...leafOf(view, point.name),
        "aria-label": `${point.name}, community ${community(place)}`,
        tip: () => `${point.name}: community ${community(place)}`,
      },
      svg("circle", { cx: point.x, cy: point.y, r: 10, fill: colour, class: "marker" }),
      text(point.x, point.y, String(community(place)), {
        class: "number",
        fill: "#fff",
        "font-size": 11,
        "text-anchor": "middle",
        "dominant-baseline": "central",
      }),
    );
  });
  const count = new Set(partition.communities).size;
  const about = [
    `${count} ${count === 1 ? "community" : "communities"}`,
    partition.resolution === "all"
      ? "consensus of all resolutions"
      : `resolution ${partition.resolution}`,
    partition.stability === null ? null : `stability ${brief(partition.stability)}`,
  ]
    .filter(Boolean)
    .join(", ");
  return drawing(
    width,
    height + 46,
    `graph of communities, ${view.title}`,
    links.map(link => link.node),
    placeLabels(points, width, height, 11),
    dots,
    text(width / 2, height + 16, about, { "text-anchor": "middle" }),
    text(
      width / 2,
      height + 34,
      `a link: together in at least ${percent(share)} of all partitions`,
      { "text-anchor": "middle" },
    ),
  );
}
