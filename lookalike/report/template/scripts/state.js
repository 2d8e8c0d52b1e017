// What is shown: it stands in the address, so that a view can be sent.
const DATA = await unpackJson("data");
const KEYS = ["method", "metric", "subset"];
const CHOICES = [...KEYS, "linkage", "by", "resolution", "share", "pair", "image"];
const state = {};
const followers = [];

const valuesOf = key => [...new Set(DATA.views.map(view => view[key]))];
const viewOf = wanted => DATA.views.find(view => KEYS.every(key => view[key] === wanted[key]));
const currentView = () => viewOf(state);
const linkagesOf = view => Object.keys(view.trees ?? {});

// The view that is asked for; where there is none, one with the first of these that are known.
function nearestView(wanted, first) {
  const order = [first, ...KEYS.filter(key => key !== first)];
  const score = view =>
    order.reduce((sum, key, place) => sum + (view[key] === wanted[key]) * 2 ** (3 - place), 0);
  return DATA.views.reduce((best, view) => (score(view) > score(best) ? view : best));
}

function defaults() {
  const [method, metric, subset] = DATA.lead?.matrix ?? KEYS.map(key => DATA.views[0][key]);
  const columns = Object.keys(DATA.columns);
  return {
    method,
    metric,
    subset,
    linkage: linkagesOf(DATA.views.find(view => view.trees) ?? {})[0] ?? "",
    by: columns.includes("family") ? "family" : (columns[0] ?? ""),
    resolution: "all",
    share: "0.5",
    pair: "",
    image: "",
  };
}

function readHash() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const known = Object.fromEntries(
    CHOICES.filter(key => Object.hasOwn(given, key)).map(key => [key, given[key]]),
  );
  if (!(known.share >= 0 && known.share <= 1)) delete known.share;
  if (!Object.hasOwn(DATA.columns, known.by ?? "")) delete known.by;
  return { ...defaults(), ...known };
}

// Follow a choice; `key` is the one that must hold if no view has all.
function choose(changes, key = Object.keys(changes)[0]) {
  const opens = !state.pair && changes.pair;
  Object.assign(state, changes);
  if (KEYS.includes(key)) {
    const view = nearestView(state, key);
    for (const one of KEYS) state[one] = view[one];
  }
  for (const follow of followers) follow(Object.keys(changes));
  writeHash(opens);
}

// Back closes what was opened. The address is told after the page has been drawn, since that takes
// time. Some browsers refuse to be told too often: then the next one is.
let untold = false,
  opened = false;
function writeHash(opens) {
  opened ||= opens;
  if (!untold) setTimeout(tellAddress);
  untold = true;
}

function tellAddress() {
  const usual = defaults();
  const shown = CHOICES.filter(one => state[one] !== usual[one]).map(one => [one, state[one]]);
  const hash = new URLSearchParams(shown).toString(),
    address = hash ? `#${hash}` : location.pathname + location.search;
  try {
    history[opened && state.pair ? "pushState" : "replaceState"](null, "", address);
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
  }
  untold = opened = false;
}

const follow = action => followers.push(action);
