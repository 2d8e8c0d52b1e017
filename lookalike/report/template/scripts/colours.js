// Colours: of cells from near over chance to beyond, of maps, and of models by a column.
const NEAR = ["#08306b", "#1a5a9c", "#4a90c4", "#92c0de", "#d3e4f1", "#f5f4f1"];
const BEYOND = ["#f5f4f1", "#f7d2a8", "#e59a52", "#b35f14"];
const MAGMA = [
  "#000004",
  "#180f3d",
  "#440f76",
  "#721f81",
  "#9e2f7f",
  "#cd4071",
  "#f1605d",
  "#fd9668",
  "#feca8d",
  "#fcfdbf",
];
const SIGNED = [
  "#053061",
  "#2166ac",
  "#67a9cf",
  "#d1e5f0",
  "#f7f7f7",
  "#fddbc7",
  "#ef8a62",
  "#b2182b",
  "#67001f",
];
const CIVIDIS = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"];
const COMMUNITIES = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#8a7a00",
  "#555555",
];
const PLAIN = "#6b7280";

const partsOf = colour => [1, 3, 5].map(place => parseInt(colour.slice(place, place + 2), 16));
function mix(stops, share) {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1),
    place = Math.min(Math.floor(at), stops.length - 2);
  const [one, other] = [stops[place], stops[place + 1]].map(partsOf);
  return one.map((part, index) => Math.round(part + (at - place) * (other[index] - part)));
}
const rgb = parts => `rgb(${parts.join(",")})`;
const isDark = parts => 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] < 135;

// From 0 to chance, and beyond that another hue; without a chance level to the largest value.
function scaleOf(view) {
  const values = view.cells.value.filter(value => value !== null);
  const end = view.chance ?? (Math.max(0, ...values) || 1);
  return {
    end,
    colour: value => (value <= end ? mix(NEAR, value / end) : mix(BEYOND, (value - end) / end)),
  };
}

const table = stops => Array.from({ length: 256 }, (_, level) => mix(stops, level / 255));
const OF_UNSIGNED = table(MAGMA),
  OF_SIGNED = table(SIGNED);

// Colour and marker of a model by a column of models.csv.
function styleOf(name, column) {
  const about = DATA.columns[column],
    cell = DATA.about[name]?.[column] ?? "";
  if (!about) return { colour: PLAIN, marker: "o", level: "" };
  if (about.levels) {
    const [colour, marker] = about.levels[cell || "unknown"] ?? [PLAIN, "o"];
    return { colour, marker, level: cell || "unknown" };
  }
  const [low, high] = about.range;
  if (cell === "") return { colour: PLAIN, marker: "o", level: "unknown" };
  return { colour: rgb(mix(CIVIDIS, (cell - low) / (high - low || 1))), marker: "o", level: cell };
}

// Markers as matplotlib names them, on a square from -1 to 1.
const MARKERS = {
  o: "M-1,0a1,1 0 1,0 2,0a1,1 0 1,0 -2,0z",
  s: "M-.85,-.85h1.7v1.7h-1.7z",
  D: "M0,-1.1L1.1,0L0,1.1L-1.1,0z",
  "^": "M0,-1.1L1.05,.8H-1.05z",
  v: "M0,1.1L1.05,-.8H-1.05z",
  "<": "M-1.1,0L.8,-1.05V1.05z",
  ">": "M1.1,0L-.8,-1.05V1.05z",
  P: "M-.4,-1.1h.8v.7h.7v.8h-.7v.7h-.8v-.7h-.7v-.8h.7z",
  X: "M-1,-.5L-.5,-1L0,-.5L.5,-1L1,-.5L.5,0L1,.5L.5,1L0,.5L-.5,1L-1,.5L-.5,0z",
  "*": "M0,-1.25L.32,-.4L1.2,-.39L.5,.15L.75,1L0,.5L-.75,1L-.5,.15L-1.2,-.39L-.32,-.4z",
  p: "M0,-1.1L1.05,-.34L.65,.9H-.65L-1.05,-.34z",
  h: "M0,-1.1L.95,-.55V.55L0,1.1L-.95,.55V-.55z",
  H: "M-1.1,0L-.55,-.95H.55L1.1,0L.55,.95H-.55z",
  8: "M-.45,-1.05H.45L1.05,-.45V.45L.45,1.05H-.45L-1.05,.45V-.45z",
  d: "M0,-1.2L.7,0L0,1.2L-.7,0z",
};
const marker = (x, y, size, style, attributes = {}) =>
  svg("path", {
    d: MARKERS[style.marker] ?? MARKERS.o,
    transform: `translate(${x},${y}) scale(${size})`,
    fill: style.colour,
    class: "marker",
    ...attributes,
  });

let ranges = 0;

// The legend of a column, below a drawing of some width; returns its lines and their height.
function legendOf(names, column, width, top) {
  const about = DATA.columns[column];
  if (!about) return { nodes: [], height: 0 };
  const title = column.replaceAll("_", " ");
  if (about.range) {
    const stops = CIVIDIS.map((colour, place) =>
      svg("stop", { offset: place / (CIVIDIS.length - 1), "stop-color": colour }),
    );
    const id = `range-${++ranges}`,
      [low, high] = about.range.map(value =>
        Math.abs(value) < 1000 ? brief(value) : Math.round(value).toLocaleString("en"),
      );
    const start = widthOf(`${title}  ${low}`) + 12;
    return {
      height: 26,
      nodes: [
        svg("linearGradient", { id }, stops),
        text(4, top + 17, `${title}  ${low}`),
        svg("rect", { x: start, y: top + 7, width: 120, height: 11, fill: `url(#${id})` }),
        text(start + 126, top + 17, high),
      ],
    };
  }
  const nodes = [text(4, top + 14, `${title}:`)],
    levels = [...new Set(names.map(name => styleOf(name, column).level))].sort();
  let x = widthOf(`${title}:`) + 20,
    y = top + 14;
  for (const level of levels) {
    const style = styleOf(
      names.find(name => styleOf(name, column).level === level),
      column,
    );
    const taken = widthOf(level) + 32;
    if (x + taken > width && x > 10) {
      x = 10;
      y += 18;
    }
    nodes.push(marker(x, y - 4, 5, style), text(x + 10, y, level));
    x += taken;
  }
  return { nodes, height: y - top + 10 };
}
