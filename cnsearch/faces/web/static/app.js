// What the page does besides links and a form: results and suggestions while typing, and keys.
// Nothing is sent while an input method composes; an answer that is no longer wanted is dropped.
"use strict";
(() => {
  const box = document.getElementById("q");
  const form = document.getElementById("ask");
  const list = document.getElementById("suggestions");
  const results = document.getElementById("results");
  if (!box || !form || !list) return;
  const RESULTS_MS = 180, SUGGEST_MS = 90;

  let composing = false;
  let picked = -1;

  // Only the answer to the last question counts: the one before is broken off.
  const asker = () => {
    let last = 0, controller = null;
    const drop = () => { last += 1; if (controller) controller.abort(); controller = null; };
    const ask = async (address, read) => {
      drop();
      const mine = last;
      controller = new AbortController();
      try {
        const response = await fetch(address, { signal: controller.signal });
        const value = await read(response);
        return mine === last ? value : null;
      } catch {
        return null; // broken off, or the server does not answer: what is there stays
      }
    };
    return { ask, drop };
  };
  const later = (delay, action) => {
    let timer = 0;
    const stop = () => clearTimeout(timer);
    return { start: () => { stop(); timer = setTimeout(action, delay); }, stop };
  };

  // Results while typing

  const asked = asker();
  let typing = false; // whether the entry of the history is one that typing has made
  const waiting = later(RESULTS_MS, () => show());

  const query = () => {
    const pairs = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      const text = name === "q" ? value.trim() : value;
      if (text) pairs.append(name, text);
    }
    return pairs.size ? "?" + pairs : "";
  };
  let shown = query();
  const replace = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    results.replaceChildren(...page.body.childNodes);
    results.removeAttribute("aria-busy");
  };
  const load = async (search) => {
    results.setAttribute("aria-busy", "true");
    const html = await asked.ask(form.dataset.results + search, (response) => response.text());
    if (html === null) return false;
    replace(html);
    return true;
  };
  const show = async () => {
    waiting.stop();
    const search = query();
    if (!results || search === shown) return;
    shown = search;
    const text = box.value.trim();
    const address = form.getAttribute("action") + search;
    const title = document.title.split(" · ").pop();
    history[typing ? "replaceState" : "pushState"](null, "", address);
    typing = true;
    document.title = text ? text + " · " + title : title;
    await load(search);
  };
  addEventListener("popstate", () => {
    if (!results) return;
    const here = new URLSearchParams(location.search);
    box.value = here.get("q") || "";
    typing = false;
    fold();
    for (const field of form.querySelectorAll("input[type=hidden]")) field.remove();
    for (const field of form.querySelectorAll(".options input, .options select")) {
      if (field.type === "checkbox") field.checked = here.has(field.name);
      else field.value = here.get(field.name) || "";
    }
    for (const [name, value] of here) {
      if (["q", "page", "lang", "since", "until", "match", "raw"].includes(name)) continue;
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    shown = query();
    load(location.search);
  });

  // Suggestions

  const hinted = asker();
  const hinting = later(SUGGEST_MS, () => suggest());
  const options = () => [...list.children];

  const fold = () => {
    hinting.stop();
    hinted.drop();
    list.hidden = true;
    list.replaceChildren();
    picked = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const suggest = async () => {
    const prefix = box.value.trim();
    if (!prefix || prefix.length > 50) return fold();
    const address = form.dataset.suggest + "?" + new URLSearchParams({ prefix, limit: "8" });
    const found = await hinted.ask(address, (response) => (response.ok ? response.json() : null));
    if (!found || document.activeElement !== box) return;
    const others = found.suggestions.filter((one) => one.text !== prefix);
    if (!others.length) return fold();
    picked = -1;
    box.removeAttribute("aria-activedescendant");
    list.replaceChildren(...others.map((one, at) => {
      const item = document.createElement("li");
      const text = document.createElement("span"), number = document.createElement("span");
      Object.assign(item, { id: "s" + at, role: "option" });
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      text.textContent = one.text;
      text.lang = "zh";
      number.textContent = one.articles.toLocaleString("en");
      number.className = "n";
      item.append(text, number);
      return item;
    }));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
  };
  const pick = (at) => {
    const items = options();
    picked = at;
    items.forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    if (at < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", items[at].id);
  };
  const take = (item) => {
    box.value = item.firstChild.textContent;
    fold();
    commit();
  };
  const commit = () => {
    fold();
    if (!results) return form.requestSubmit();
    show();
    typing = false;
  };
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) {
    box.setAttribute(name, value);
  }
  list.addEventListener("mousedown", (event) => {
    const item = event.target.closest("li");
    if (item) { event.preventDefault(); take(item); }
  });

  // Typing

  const changed = () => {
    waiting.start();
    hinting.start();
  };
  box.addEventListener("compositionstart", () => {
    composing = true;
    waiting.stop();
    hinting.stop();
  });
  box.addEventListener("compositionend", () => { composing = false; changed(); });
  box.addEventListener("input", (event) => { if (!composing && !event.isComposing) changed(); });
  box.addEventListener("blur", () => setTimeout(fold, 100));
  form.addEventListener("change", (event) => { if (event.target !== box) changed(); });
  form.addEventListener("submit", (event) => {
    if (!results) return;
    event.preventDefault();
    waiting.stop();
    commit();
  });

  // Keys

  const links = () => [...document.querySelectorAll(".hit h2 a, .newest a, .similar li a")];
  const step = (event, by) => {
    const all = links(), at = all.indexOf(document.activeElement);
    const next = at + by;
    if (at < 0 && by < 0) return;
    event.preventDefault();
    if (next < 0) box.focus();
    else if (next < all.length) all[next].focus();
  };
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || composing || event.keyCode === 229) return;
    const items = options();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const by = event.key === "ArrowDown" ? 1 : -1;
      if (items.length) {
        event.preventDefault();
        pick(((picked + 1 + by + items.length + 1) % (items.length + 1)) - 1);
      } else if (by > 0) step(event, 1);
    } else if (event.key === "Enter" && picked >= 0) {
      event.preventDefault();
      take(items[picked]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (items.length) return fold();
      box.value = "";
      waiting.stop();
      show();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const inField = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
    if (inField) return;
    if (event.key === "/") {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "ArrowDown" && links().includes(document.activeElement)) step(event, 1);
    else if (event.key === "ArrowUp" && links().includes(document.activeElement)) step(event, -1);
    else if (event.key === "Escape" && links().includes(document.activeElement)) box.focus();
    else if (event.key === "n" || event.key === "p") {
      const here = document.querySelector("mark:target");
      const rel = event.key === "n" ? "next" : "prev";
      const link = here ? here.querySelector(`a[rel=${rel}]`) : document.querySelector(".matches a");
      if (link) link.click();
    }
  });
})();
