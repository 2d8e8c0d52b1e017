// Names next to points, so that they cover neither one another nor a point; far ones get a line.
const DISTANCES = [4, 13, 25, 39, 55, 75],
  TURNS = 16,
  PASSES = 4;

const overlap = (one, other) =>
  Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left)) *
  Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));

function placeLabels(points, width, height, radius, size = 11.5) {
  const dots = points.map(point => ({
    left: point.x - radius,
    right: point.x + radius,
    top: point.y - radius,
    bottom: point.y + radius,
  }));
  const outside = box =>
    Math.max(0, -box.left) +
    Math.max(0, box.right - width) +
    Math.max(0, -box.top) +
    Math.max(0, box.bottom - height);
  const candidates = points.map(point => {
    const wide = widthOf(short(point.name), size) + 2;
    return DISTANCES.flatMap(more =>
      Array.from({ length: TURNS }, (_, turn) => {
        const distance = radius + more,
          angle = (2 * Math.PI * turn) / TURNS,
          dx = Math.cos(angle),
          dy = Math.sin(angle);
        const x = point.x + dx * distance,
          y = point.y + dy * distance,
          left = dx > 0.3 ? x : dx < -0.3 ? x - wide : x - wide / 2;
        const box = { left, right: left + wide, top: y - size / 2 - 2, bottom: y + size / 2 + 2 };
        const fixed =
          dots.reduce((sum, dot) => sum + overlap(box, dot), 0) + 50 * outside(box) + distance / 3;
        return { box, distance, fixed };
      }),
    );
  });
  // Each takes the best place next to the others, again and again.
  const chosen = points.map(() => null);
  for (let pass = 0; pass < PASSES; pass++)
    for (const place of points.keys()) {
      const cost = one =>
        chosen.reduce(
          (sum, other, index) =>
            sum + (other && index !== place ? 4 * overlap(one.box, other.box) : 0),
          one.fixed,
        );
      const costs = candidates[place].map(cost);
      chosen[place] = candidates[place][costs.indexOf(Math.min(...costs))];
    }
  return points.flatMap((point, place) => {
    const { box, distance } = chosen[place],
      y = (box.top + box.bottom) / 2,
      x = Math.min(Math.max(point.x, box.left), box.right);
    const end = Math.abs(x - point.x) > 1 ? y : y > point.y ? box.top : box.bottom;
    return [
      distance > radius + 5
        ? svg("line", { x1: point.x, y1: point.y, x2: x, y2: end, class: "leader" })
        : null,
      text(box.left + 1, y, short(point.name), {
        class: "name halo",
        "dominant-baseline": "central",
        "font-size": size,
      }),
    ].filter(Boolean);
  });
}
