// Brings the focus to the summary of errors where the browser does not know its autofocus.
const summary = document.querySelector("[data-errors]");

// The browser's own comes first, with its first picture of the page.
addEventListener("load", () => setTimeout(() => {
  if (summary && document.activeElement === document.body) summary.focus();
}, 100));
