// What the selectors and questions of a test mean in the page.

const say = (el) => (el?.innerText ?? "").replace(/\s+/g, " ").trim();
const loaded = () => document.readyState === "complete";

function inSight(el) {
  const box = el.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && el.checkVisibility({ visibilityProperty: true });
}

// The first element in sight whose text is this one, or else contains it.
function find(css, text) {
  const all = [...document.querySelectorAll(css)].filter(inSight);
  if (!text) return all[0] ?? null;
  return all.find((el) => say(el) === text) ?? all.find((el) => say(el).includes(text)) ?? null;
}

// Where to click an element, null while it is disabled or covered.
function spot(el) {
  if (!el || el.disabled) return null;
  el.scrollIntoView({ block: "center", behavior: "instant" });
  const box = el.getClientRects()[0];
  const at = { X: box.left + box.width / 2, Y: box.top + box.height / 2 };
  const top = document.elementFromPoint(at.X, at.Y);
  return el.contains(top) ? at : null;
}

function hasFocus(el) {
  return !!el && document.activeElement === el;
}

function overflowing() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((el) => el.getBoundingClientRect().right > width + 0.5)
    .map((el) => `<${el.localName} class="${el.className}"> ${say(el).slice(0, 60)}`)
    .concat(`the page is ${document.documentElement.scrollWidth} px wide`);
}
