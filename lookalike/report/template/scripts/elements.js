// Elements of the page and of figures, what is said of them on hover and focus, and numbers as text.
function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "tip") node.tip = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined));
  return node;
}

const html = (tag, attributes = {}, ...children) =>
  make(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// A drawing that fills its place; `label` is what a screen reader says of it.
const drawing = (width, height, label, ...children) =>
  svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": label },
    ...children,
  );

const text = (x, y, content, attributes = {}) => svg("text", { x, y, ...attributes }, content);

// What can be pressed by mouse and keyboard alike.
const pressable = action => ({
  tabindex: 0,
  role: "button",
  onclick: action,
  onkeydown: event => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    action(event);
  },
});

// Numbers are short, and without a zero before the point.
function brief(value, digits = 2) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return (
    Math.abs(value) >= 0.1 || value === 0 ? value.toFixed(digits) : value.toPrecision(digits)
  ).replace(/^(-?)0\./, "$1.");
}
const percent = share => `${Math.round(100 * share)}%`;

const measure = document.createElement("canvas").getContext("2d");
function widthOf(content, size = 12) {
  measure.font = `${size}px system-ui, sans-serif`;
  return measure.measureText(content).width;
}
// A long name, cut; its whole is said on hover.
const LONGEST = 150;
function short(name) {
  if (widthOf(name) <= LONGEST) return name;
  let kept = name.length;
  while (kept > 1 && widthOf(`${name.slice(0, kept)}…`) > LONGEST) kept--;
  return `${name.slice(0, kept)}…`;
}

// Drawings are as wide as their place, so that their text has one size.
const drawingWidth = () =>
  Math.max(300, Math.min(560, document.getElementById("figures").clientWidth - 26));

const widest = (names, size) => Math.max(0, ...names.map(name => widthOf(name, size)));

// One box says what is under the pointer or has the focus: the `tip` of an element, or its data-tip.
const tooltip = html("div", { id: "tooltip", role: "status", hidden: true });
document.body.append(tooltip);
function tell(target) {
  let node = target;
  while (node && !node.tip && !node.dataset?.tip) node = node.parentElement;
  tooltip.hidden = !node;
  if (!node) return;
  tooltip.textContent = node.tip ? node.tip() : node.dataset.tip;
  // A box in a dialog lies above it.
  (node.closest("dialog") ?? document.body).append(tooltip);
  const box = node.getBoundingClientRect(),
    own = tooltip.getBoundingClientRect();
  const left = Math.min(
    Math.max(8, box.left + box.width / 2 - own.width / 2),
    innerWidth - own.width - 8,
  );
  const above = box.top - own.height - 8;
  tooltip.style.left = `${left}px`;
  tooltip.style.top = `${above > 8 ? above : box.bottom + 8}px`;
}
for (const kind of ["pointerover", "focusin"])
  document.addEventListener(kind, event => tell(event.target));
document.addEventListener("focusout", () => tell(null));
document.addEventListener("keydown", event => {
  if (event.key === "Escape") tell(null);
});
