// Sets the colour theme before the first paint: the person's choice, else the system's.
(function () {
  var root = document.documentElement;
  var kept = /(?:^|;\s*)theme=(light|dark)/.exec(document.cookie);
  var choice = kept ? kept[1] : root.dataset.themeChoice;
  if (choice !== "light" && choice !== "dark") {
    choice = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  root.dataset.bsTheme = choice;
})();
