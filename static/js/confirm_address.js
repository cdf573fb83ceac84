// Says at once that two addresses differ (components/same_address.html). Pasting stays allowed.
for (const place of document.querySelectorAll("[data-same-address]")) {
  const [first, second] = place.dataset.sameAddress.split(" ").map((id) => document.getElementById(id));
  const sentence = place.firstElementChild;
  const key = (input) => input.value.trim().toLowerCase();
  const differ = () => second.value !== "" && key(first) !== key(second);

  const say = (wrong) => {
    if (wrong) place.append(sentence);
    else sentence.remove();
  };

  say(false);
  place.hidden = false; // now an empty live region: what appears in it is read out
  for (const input of [first, second]) {
    input.addEventListener("change", () => say(differ()));
    // Not while the second address is still being typed: only take the sentence back.
    input.addEventListener("input", () => differ() || say(false));
  }
}
