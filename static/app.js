// What the pages do beyond HTML. Every page works without this file.
//
//   data-script-only     is shown (hidden is taken off) because scripts run
//   data-time-zone       hidden field: gets the browser's time zone name
//   data-once            form: a second press does nothing
//   data-wait="240"      counts down; buttons with data-wait-button open at its end
//   data-filter="ID"     input: hides choices of #ID whose data-name does not match
//   data-created         radio button: its group was made just now
//   data-push-url        form that opens a push in a new tab: this window follows it
//   data-add, data-with-dnc   box: how many contacts go without and with do-not-call ones
//   data-announce, data-title   told to screen readers, shown in the window's title
//   data-copy="ID"       button: copies what stands in the field #ID
//   data-stoppable       the page's Stop button stays
//   data-landing="URL"   the page is over: go there, without a way back to here
//   data-stale           shown while live updates are cut
//   data-live            part that asks for itself: not replaced while a button is pressed
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const followFor = 20_000; // ms until a push that was asked for must be there
  const followEvery = 400; // ms
  const staleAfter = 5_000; // ms without live updates until the page says so

  let said = "";
  function announce(text) {
    if (!text || text === said) return;
    said = text;
    one("#announce").textContent = text;
  }

  // setUp looks at a page, or at a part that has just been put into it.
  function setUp(root) {
    for (const el of all("[data-script-only]", root)) el.hidden = false;
    for (const el of all("[data-time-zone]", root)) el.value = zone();
    for (const el of all("[data-wait]", root)) countDown(el);
    for (const el of all("input[type=text][autofocus]", root)) el.setSelectionRange(el.value.length, el.value.length);
    for (const el of all("input[name=group]:checked", root)) showGroup(el);
    follow(root);
    syncAdd();
  }

  function zone() {
    try {
      return Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    } catch {
      return "";
    }
  }

  // follow takes over what a part says about the page as a whole.
  function follow(root) {
    const part = root.matches?.("[data-announce]") ? root : one("[data-announce]", root);
    if (!part) return;
    if (part.dataset.title) document.title = part.dataset.title;
    announce(part.dataset.announce);
    const stop = one("#stop-box"); // not in the part: nothing is taken away from under a press
    if (stop) stop.hidden = !("stoppable" in part.dataset);
    if (part.dataset.landing) location.replace(part.dataset.landing);
  }

  function countDown(el) {
    if (el.dataset.counting) return;
    el.dataset.counting = "1";
    const end = Date.now() + Number(el.dataset.wait) * 1000;
    const buttons = all("[data-wait-button]", el.closest("form") ?? document);
    buttons.forEach((b) => (b.disabled = true));
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      if (left > 0) {
        el.textContent = clock(left);
        setTimeout(tick, 250);
        return;
      }
      buttons.forEach((b) => (b.disabled = false));
      el.closest("[data-wait-text]").textContent = "You can try again now.";
      announce("You can try again now.");
    };
    tick();
  }

  function clock(seconds) {
    if (seconds < 60) return seconds === 1 ? "1 second" : `${seconds} seconds`;
    const rest = String(seconds % 60).padStart(2, "0");
    return `${Math.floor(seconds / 60)}:${rest} minutes`;
  }

  // Groups: the chosen one is in sight, however many there are. One that was made just now is told, and the focus stays at
  // the form: on a radio button one more Enter would start the push.
  function showGroup(radio) {
    const choice = radio.closest("[data-name]");
    const list = choice.closest(".list");
    const [inner, outer] = [choice.getBoundingClientRect(), list.getBoundingClientRect()];
    list.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2;
    if (!("created" in radio.dataset)) return;
    announce(`${choice.dataset.name} created and chosen`);
    if (document.activeElement === document.body) one("#new-group button").focus();
  }

  // Groups: type to filter.
  function filter(input) {
    const list = document.getElementById(input.dataset.filter);
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    let matches = 0;
    for (const choice of all("[data-name]", list)) {
      const name = plain(choice.dataset.name);
      choice.hidden = !words.every((word) => name.includes(word));
      if (!choice.hidden) matches++;
    }
    one("[data-no-match]", list).hidden = matches > 0;
    announce(matches === 1 ? "1 group matches" : `${matches} groups match`);
  }

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  function filterKey(event) {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    const radio = one("[data-name]:not([hidden]) input", document.getElementById(event.target.dataset.filter));
    if (!radio) return;
    event.preventDefault();
    radio.checked = true;
    syncAdd();
    if (event.key === "ArrowDown") {
      radio.focus();
    } else { // stay here: one more Enter on a radio button would send the form
      announce(`${radio.closest("[data-name]").dataset.name} chosen`);
    }
  }

  // The add button: how many, and into which group.
  function syncAdd() {
    const form = one("form[data-push-url]");
    if (!form || form.dataset.sent) return;
    const button = one("[data-add-button]", form);
    const group = one("input[name=group]:checked");
    const box = one("input[data-with-dnc]");
    if (box) {
      const n = Number(box.checked ? box.dataset.withDnc : box.dataset.add);
      all("[data-count]").forEach((el) => (el.textContent = n.toLocaleString("en-US")));
      button.textContent = `Add ${n.toLocaleString("en-US")} ${n === 1 ? "contact" : "contacts"} to Mojo`;
      button.disabled = n === 0 || !group;
    } else if ("ready" in button.dataset) {
      button.disabled = !group;
    }
    const hint = one("[data-into]", form);
    if (hint && group) {
      hint.textContent = `To “${group.closest("[data-name]").dataset.name}”. Mojo opens in a new tab.`;
    }
  }

  // The form opens a tab; this window goes to the same push when it is there.
  function pushed(event) {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = one("[data-add-button]", form);
    const hint = one("[data-add-hint]", form);
    setTimeout(() => (button.disabled = true)); // after the form has been sent
    const say = (text) => announce((hint.textContent = text));
    const giveUp = (text) => {
      delete form.dataset.sent;
      button.disabled = false;
      say(text);
    };
    say("One moment. This window follows.");
    const url = form.dataset.pushUrl;
    const end = Date.now() + followFor;
    const look = async () => {
      const status = await ask(url);
      if (status === 200) {
        location.assign(url);
      } else if (status === 401) {
        giveUp("You are signed out. The new tab says what to do.");
      } else if (Date.now() < end) {
        setTimeout(look, followEvery);
      } else {
        giveUp("The new tab says how it went. You can press the button again; nothing is sent twice.");
      }
    };
    setTimeout(look, followEvery);
  }

  // ask is the status that the address answers with.
  async function ask(url) {
    try {
      const answer = await fetch(url, { redirect: "manual", cache: "no-store", headers: { Accept: "text/html" } });
      return answer.status;
    } catch {
      return 0; // offline for a moment: look again
    }
  }

  // copy puts a field's text into the clipboard, or selects it where the browser keeps us from there.
  async function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    let done = "Copied";
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.select();
      done = "Selected";
    }
    button.textContent = done;
    announce(done === "Copied" ? "Copied" : "The link is selected. Copy it with your keyboard.");
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-push-url]")) {
      pushed(event);
    } else if (form.matches("[data-once]")) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) filter(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.("[data-filter]")) filterKey(event);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("input[name=group], input[data-with-dnc]")) syncAdd();
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    // The browser kept the page as it was. Somebody's page is asked for anew: they may have signed out
    // since, and the one-time key in its form is used up.
    if (one("form[action$='/signout']")) location.reload();
    all("[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  document.addEventListener("htmx:load", (event) => setUp(event.detail.elt));
  let stale; // timer: a short break is nobody's business
  document.addEventListener("htmx:sseError", () => {
    stale ??= setTimeout(() => all("[data-stale]").forEach((el) => (el.hidden = false)), staleAfter);
  });
  document.addEventListener("htmx:sseOpen", () => {
    clearTimeout(stale);
    stale = undefined;
    all("[data-stale]").forEach((el) => (el.hidden = true));
  });

  // Parts that ask for themselves: say when that fails, and never take a button away from under a press.
  document.addEventListener("htmx:afterRequest", (event) => {
    all("[data-stale]").forEach((el) => (el.hidden = event.detail.successful));
  });
  let pressed = false;
  document.addEventListener("pointerdown", () => (pressed = true));
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => setTimeout(() => (pressed = false), 50)); // after the click
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (pressed && event.detail.elt.matches("[data-live]")) event.detail.shouldSwap = false;
  });

  setUp(document.documentElement);
})();
