// Puts the remembered theme on the page before anything is painted; runs as a classic script for that reason.
(function () {
  "use strict";
  var theme = null;
  try {
    theme = localStorage.getItem("trunkline.theme");
  } catch (error) {
    // Storage may be forbidden: the system's theme it is.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
