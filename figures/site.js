"use strict";
// Filters of the landing page and copy buttons; without this script everything is shown and readable.
const form = document.getElementById("filters");

function matches(item, values) {
  const order = [...form.elements.time.options].map((option) => option.value);
  const within = !values.time || (item.dataset.time && order.indexOf(item.dataset.time) <= order.indexOf(values.time));
  const labelled = ["kind", "verdict", "data", "preset"].every(
    (name) => !values[name] || item.dataset[name].split("|").includes(values[name]),
  );
  return within && labelled && values.text.toLowerCase().split(/\s+/).every((word) => item.dataset.text.includes(word));
}

function filter() {
  const values = Object.fromEntries(new FormData(form));
  let shown = 0;
  for (const card of document.querySelectorAll(".card")) {
    let left = 0;
    for (const item of card.querySelectorAll(".figures > li")) {
      item.hidden = !matches(item, values);
      left += item.hidden ? 0 : 1;
    }
    card.hidden = left === 0;
    shown += left;
  }
  document.getElementById("count").textContent = `${shown} figures`;
}

if (form) {
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

// On a narrow screen the wide table of a paper page waits folded.
if (matchMedia("(max-width: 40rem)").matches) for (const part of document.querySelectorAll("details.wide")) part.open = false;

// Tabs: without this script the radio buttons in the page do the same.
for (const box of document.querySelectorAll(".variants")) {
  const picks = [...box.querySelectorAll(".pick")];
  if (picks.length) makeTabs(box, picks);
}

function makeTabs(box, picks) {
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Variants of this figure");
  const pairs = picks.map((pick) => {
    const panel = document.getElementById(pick.id.slice("pick-".length));
    const label = box.querySelector(`label[for="${pick.id}"]`);
    const tab = document.createElement("button");
    Object.assign(tab, { type: "button", id: `tab-${panel.id}`, className: "tab", textContent: label.textContent });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.removeAttribute("aria-label");
    panel.setAttribute("aria-labelledby", tab.id);
    pick.remove();
    label.remove();
    list.append(tab);
    return [tab, panel];
  });
  const select = (chosen, focus) => {
    for (const [tab, panel] of pairs) {
      panel.hidden = tab !== chosen;
      tab.tabIndex = tab === chosen ? 0 : -1;
      tab.setAttribute("aria-selected", String(tab === chosen));
    }
    if (focus) chosen.focus();
  };
  pairs.forEach(([tab, panel], here) => {
    tab.addEventListener("click", () => select(tab, false));
    tab.addEventListener("keydown", (event) => {
      const places = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: pairs.length - 1 };
      if (!(event.key in places)) return;
      event.preventDefault();
      select(pairs.at(places[event.key] % pairs.length)[0], true);
    });
    panel.addEventListener("show", () => select(tab, false));
  });
  box.querySelector(".tabnote").remove();
  box.prepend(list);
  select(pairs[0][0], false);
}

// A link to a variant shows it.
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.classList.contains("variant")) {
    target.dispatchEvent(new Event("show"));
    target.scrollIntoView();
  }
}
addEventListener("hashchange", open);
open();