// Ticks each rule of a password while it is typed. The server judges; this only shows.
/** Whether a password meets the rule that a list item carries: a length, a pattern, or characters of which one must be there. */
function meets(password, { min, pattern, chars }) {
  if (min) return [...password].length >= Number(min);
  if (pattern) return new RegExp(pattern, "u").test(password);
  return [...password].some((sign) => chars.includes(sign));
}

for (const list of document.querySelectorAll("[data-rules-of]")) {
  const input = document.getElementById(list.dataset.rulesOf);
  const items = [...list.querySelectorAll("li")];
  const status = list.querySelector("[role=status]");
  let pause;

  const judge = () => {
    const password = input.value.normalize("NFKC"); // as the server does
    const long = list.dataset.passphrase && [...password].length >= Number(list.dataset.passphrase);
    const fresh = [];
    for (const item of items) {
      const met = Boolean(password) && (long || meets(password, item.dataset));
      if (met && item.dataset.met !== "true") fresh.push(item.textContent.trim());
      item.dataset.met = String(met);
    }
    const all = items.every((item) => item.dataset.met === "true");
    clearTimeout(pause);
    if (!fresh.length) return;
    // One sentence after a pause: a screen reader is not to speak over each key.
    pause = setTimeout(() => {
      status.textContent = all ? status.dataset.allMet : `${status.dataset.met} ${fresh.join(", ")}`;
    }, 800);
  };

  input.addEventListener("input", judge);
  judge();
}
