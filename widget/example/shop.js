// What a shop's own script does: opens the callback form from its button, and changes pages without loading them.
window.pbx = window.pbx || [];

document.addEventListener("click", (event) => {
  if (event.target.closest("#talk")) window.pbx.push(["open", { queue: "sales" }]);
});

/** Another view, as single-page applications make it: new address, new nodes. */
window.shopView = function (path, text) {
  history.pushState({}, "", path);
  const place = document.querySelector("main");
  const line = document.createElement("p");
  line.id = "view";
  line.textContent = text;
  place.replaceChildren(line);
};
