// Names next to points, so that they cover neither one another nor a point; far ones get a line.
function placeLabels(points, width, height, radius, size = 11.5) {
  const taken = points.map(point => ({ left: point.x - radius, right: point.x + radius, top: point.y - radius, bottom: point.y + radius }));
  const overlap = (one, other) =>
    Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left)) *
    Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));
  const outside = box => Math.max(0, -box.left) + Math.max(0, box.right - width) + Math.max(0, -box.top) + Math.max(0, box.bottom - height);
  const nodes = [];
  for (const point of points) {
    const wide = widthOf(point.name, size) + 2;
    let best = null;
    for (const distance of [4, 13, 25, 39, 55].map(more => more + radius)) for (let turn = 0; turn < 16; turn++) {
      const angle = turn * Math.PI / 8, dx = Math.cos(angle), dy = Math.sin(angle);
      const x = point.x + dx * distance, y = point.y + dy * distance;
      const left = dx > 0.3 ? x : dx < -0.3 ? x - wide : x - wide / 2;
      const box = { left, right: left + wide, top: y - size / 2 - 1, bottom: y + size / 2 + 1 };
      const cost = taken.reduce((sum, other) => sum + overlap(box, other), 0) + 50 * outside(box) + distance / 3;
      if (!best || cost < best.cost) best = { cost, box, distance };
    }
    taken.push(best.box);
    const { box } = best, y = (box.top + box.bottom) / 2;
    if (best.distance > radius + 5) {
      const x = Math.min(Math.max(point.x, box.left), box.right);
      nodes.push(svg("line", { x1: point.x, y1: point.y, x2: x, y2: Math.abs(x - point.x) < 1 ? (y > point.y ? box.top : box.bottom) : y, class: "leader" }));
    }
    nodes.push(text(box.left + 1, y, point.name, { class: "name halo", "dominant-baseline": "central", "font-size": size }));
  }
  return nodes;
}
