// Asks the age only of a pupil: the part [data-only-profile="student"] follows the choice of [data-profile].
const choice = document.querySelector("[data-profile]");
const parts = document.querySelectorAll("[data-only-profile]");

function show() {
  const chosen = choice.querySelector("select")?.value ?? choice.querySelector("input:checked")?.value ?? "";
  for (const part of parts) {
    const asked = part.dataset.onlyProfile.split(" ").includes(chosen);
    part.hidden = !asked;
    // What is not asked is not sent.
    for (const control of part.querySelectorAll("input, select")) control.disabled = !asked;
  }
}

if (choice) {
  choice.addEventListener("change", show);
  // A browser may bring back an earlier choice after this has run.
  window.addEventListener("pageshow", show);
  show();
}
