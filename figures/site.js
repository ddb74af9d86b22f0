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

// A link to a variant opens it.
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", open);
open();