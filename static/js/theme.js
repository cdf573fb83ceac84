// Light or dark by hand. Read in the head, before anything is painted; without it the system decides.
(() => {
  const key = "theme";
  const root = document.documentElement;

  function remembered() {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage refused: the choice lasts for the page
    }
  }

  function apply(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  }

  apply(remembered());

  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.querySelector("[data-theme-choice]");
    if (!choice) return;
    for (const radio of choice.querySelectorAll("input")) {
      radio.checked = radio.value === (root.dataset.theme || "system");
    }
    choice.hidden = false;
    choice.addEventListener("change", (event) => {
      apply(event.target.value);
      try {
        localStorage.setItem(key, event.target.value);
      } catch {
        // as above
      }
    });
  });
})();
