// The few things that the pages do by themselves. Everything works without them, in a new tab instead of a popup.

const features = "popup,width=480,height=720";

// In the popup: the form that carries many contacts sends itself.
document.querySelector("#launch")?.submit();

const selection = document.querySelector("#selection");

// Add to Mojo opens its popup with the click itself, so that no blocker minds; the form then answers in it.
document.querySelector("#add-to-mojo")?.addEventListener("click", (event) => {
  selection.querySelector(".menu").open = false;
  if (selection.dataset.noopener === "true") {
    event.preventDefault();
    const query = new URLSearchParams(new FormData(selection));
    window.open(selection.action + "?" + query, "_blank", features + ",noopener");
    return;
  }
  const popup = window.open("about:blank", "add-to-mojo", features);
  selection.target = popup ? "add-to-mojo" : "_blank";
  popup?.focus();
});

// Menus close with Escape and by a click elsewhere.
for (const menu of document.querySelectorAll(".menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

// The list: tick a page or everybody, and say how many are selected.
const everybody = document.querySelector("#select-all");
const page = document.querySelector("#select-page");
if (everybody && page) {
  const ticks = [...selection.querySelectorAll("input[name=id]")];
  const total = Number(document.querySelector("h1 .count").textContent);
  const tell = () => {
    const ticked = ticks.filter((t) => t.checked).length;
    const count = everybody.checked ? total : ticked;
    document.querySelector("#selected").textContent = count ? count + " selected" : "";
    page.checked = ticked === ticks.length;
    page.indeterminate = ticked > 0 && ticked < ticks.length;
  };
  const tickAll = (on) => ticks.forEach((t) => { t.checked = on; });
  page.hidden = false;
  page.addEventListener("change", () => { tickAll(page.checked); everybody.checked = false; tell(); });
  everybody.addEventListener("change", () => { tickAll(everybody.checked); tell(); });
  for (const tick of ticks) tick.addEventListener("change", () => { everybody.checked = false; tell(); });
  tell();
}

// The page of load: how far the edits are, once a second. The form comes back when they end.
const follow = async () => {
  const now = document.querySelector("#edits-now");
  const answer = await fetch("/sandbox/load").catch(() => null);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page && page.querySelector("#edits-now");
  if (!fresh) return; // signed out, or the sandbox has ended
  if (fresh.dataset.underway === "true") {
    now.querySelector(".progress").replaceWith(fresh.querySelector(".progress"));
    setTimeout(follow, 1000);
    return;
  }
  const focused = now.contains(document.activeElement);
  now.replaceWith(fresh);
  document.querySelector("#edits-said").textContent = page.querySelector("#edits-said").textContent;
  if (focused) document.querySelector("#edits").focus();
};
if (document.querySelector("#edits-now")?.dataset.underway === "true") setTimeout(follow, 1000);
