// Ticks each rule of a password while it is typed. The server judges; this only shows.
const CLASSES = { lower: /\p{Ll}/u, upper: /\p{Lu}/u, digit: /\p{Nd}/u };

/** Whether a password meets the rule that a list item carries in its data attributes. */
function meets(password, rule) {
  if (rule.kind === "length") return [...password].length >= Number(rule.min);
  if (rule.kind === "class") return CLASSES[rule.class].test(password);
  if (rule.kind === "special") {
    if (rule.chars) return [...password].some((sign) => rule.chars.includes(sign));
    return /[^\p{L}\p{N}]/u.test(password);
  }
  return false;
}

for (const list of document.querySelectorAll("[data-rules-of]")) {
  const input = document.getElementById(list.dataset.rulesOf);
  const items = [...list.querySelectorAll("li")];
  const status = list.querySelector("[role=status]");
  let pause;

  const judge = () => {
    const password = input.value;
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
