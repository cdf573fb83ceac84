// Brings the focus to the summary of errors, in browsers that do not know autofocus on it.
const summary = document.querySelector("[data-errors]");
if (summary && document.activeElement !== summary) summary.focus();
