// Says at once that two addresses differ: <div data-confirm-address="id_email id_email_again"><p role="status" hidden>…</p></div>
for (const warning of document.querySelectorAll("[data-confirm-address]")) {
  const [first, second] = warning.dataset.confirmAddress.split(" ").map((id) => document.getElementById(id));
  const sentence = warning.querySelector("[data-sentence]");
  const text = sentence.textContent;
  sentence.textContent = "";
  warning.hidden = false;

  const same = () => first.value.trim().toLowerCase() === second.value.trim().toLowerCase();
  const check = (event) => {
    if (same() || !second.value) sentence.textContent = "";
    // Not while the second address is still being typed.
    else if (event.type === "change") sentence.textContent = text;
  };

  for (const input of [first, second]) {
    input.addEventListener("change", check);
    input.addEventListener("input", check);
  }
}
