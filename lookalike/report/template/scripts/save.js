// Figures as files: SVG with its styles in it, and PNG of that.
const KEPT = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "dominant-baseline",
  "paint-order",
];
const SCALE = 3;

function save(name, blob) {
  const address = URL.createObjectURL(blob);
  html("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function asSvg(node) {
  const copy = node.cloneNode(true),
    originals = [node, ...node.querySelectorAll("*")],
    copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((original, place) => {
    const style = getComputedStyle(original),
      target = copies[place];
    for (const name of KEPT) target.style.setProperty(name, style.getPropertyValue(name));
    for (const name of ["tabindex", "role", "class", "aria-label"]) target.removeAttribute(name);
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.background = getComputedStyle(document.body).backgroundColor;
  return new XMLSerializer().serializeToString(copy);
}

async function asPng(markup, width, height) {
  const address = URL.createObjectURL(new Blob([markup], { type: "image/svg+xml" })),
    image = new Image(width * SCALE, height * SCALE);
  image.src = address;
  await image.decode();
  const canvas = new OffscreenCanvas(width * SCALE, height * SCALE),
    context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return canvas.convertToBlob({ type: "image/png" });
}

// Buttons of a figure that is drawn here, of a picture whose SVG is given, or of what a function
// gives as markup, width and height.
function saveButtons(name, markup) {
  const both = button => {
    if (typeof markup === "function") return markup();
    const node = button.closest("figure").querySelector("svg, img"),
      source = markup ?? asSvg(node);
    return [
      source,
      Math.round(node.viewBox?.baseVal.width || node.naturalWidth),
      Math.round(node.viewBox?.baseVal.height || node.naturalHeight),
    ];
  };
  return html(
    "div",
    { class: "bar" },
    html(
      "button",
      {
        onclick: event =>
          save(`${name}.svg`, new Blob([both(event.target)[0]], { type: "image/svg+xml" })),
      },
      "SVG",
    ),
    html(
      "button",
      { onclick: async event => save(`${name}.png`, await asPng(...both(event.target))) },
      "PNG",
    ),
  );
}
