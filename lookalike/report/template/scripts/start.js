// Pictures of the page are unpacked when they come into sight, or before they are printed.
async function unpackFigure(image) {
  if (image.src) return;
  const markup = new TextDecoder().decode(await inflate(textOf(image.dataset.block)));
  image.src = URL.createObjectURL(new Blob([markup], { type: "image/svg+xml" }));
  image.closest("figure").append(saveButtons(image.alt.replace(/[^\p{L}\p{N}]+/gu, "-"), markup));
  await image.decode().catch(() => null);
}
const pictures = [...document.querySelectorAll("img[data-block]")];
const sight = new IntersectionObserver(
  entries => {
    for (const { isIntersecting, target } of entries)
      if (isIntersecting) {
        sight.unobserve(target);
        unpackFigure(target);
      }
  },
  { rootMargin: "600px" },
);
pictures.forEach(image => sight.observe(image));

// What is folded is printed as well.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of folded) one.open = false;
});

// A link into the page opens what is folded there, and leaves the view in the address.
document.addEventListener("click", event => {
  const link = event.target.closest?.("a[href^='#']");
  if (!link) return;
  const target = document.getElementById(link.getAttribute("href").slice(1));
  if (!target) return;
  event.preventDefault();
  for (let node = target; node; node = node.parentElement)
    if (node.tagName === "DETAILS") node.open = true;
  const inside = target.querySelector("details");
  if (inside) inside.open = true;
  target.scrollIntoView({ behavior: "instant" });
});

document.querySelectorAll("table").forEach(dress);
if (DATA.views.length) {
  const lead =
    viewOf(Object.fromEntries(KEYS.map((key, place) => [key, DATA.lead?.matrix?.[place]]))) ??
    DATA.views[0];
  const begin = () => choose(readHash(), "method"),
    strip = document.getElementById("strip");
  addEventListener("popstate", begin);
  begin();
  await drawStrip(strip, lead);
  // Once more where the window has another width.
  let wide = strip?.clientWidth;
  addEventListener("resize", () => {
    if (Math.abs(document.body.clientWidth - wide) < 60) return;
    wide = document.body.clientWidth;
    drawStrip(strip, lead);
    showView();
  });
}
document.documentElement.dataset.ready = "true";
// In idle time all pictures are unpacked, so that nothing is missing on paper.
for (const image of pictures)
  await new Promise(done =>
    (window.requestIdleCallback ?? setTimeout)(() => unpackFigure(image).then(done)),
  );
document.documentElement.dataset.printable = "true";
