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

// The strength in words. The server judges here too: it alone has the lists of those who guess.
const OF_A_PERSON = ["first_name", "last_name", "username", "address"];

for (const said of document.querySelectorAll("[data-strength]")) {
  const input = document.getElementById(said.closest("[data-rules-of]").dataset.rulesOf);
  const known = [...said.querySelectorAll("data")].map((word) => word.value);
  const word = said.querySelector("strong");
  const label = document.createTextNode("");
  said.insertBefore(label, word);
  let pause;
  let asked;

  const say = (strength) => {
    if (word.textContent === strength) return;
    label.textContent = strength && `${said.dataset.label} `;
    word.textContent = strength;
  };

  const ask = async () => {
    const body = new FormData();
    body.set("password", input.value);
    body.set("policy", said.dataset.policy);
    const typed = OF_A_PERSON.map((name) => input.form.elements[name]?.value);
    for (const each of [...known, ...typed].filter(Boolean)) body.append("words", each);
    asked = new AbortController();
    try {
      body.set("csrfmiddlewaretoken", input.form.elements.csrfmiddlewaretoken.value);
      const answer = await fetch(said.dataset.strength, { method: "POST", body, signal: asked.signal });
      say(answer.ok ? (await answer.json()).word : "");
    } catch (error) {
      if (error.name !== "AbortError") say(""); // no word is better than an old one
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(pause);
    asked?.abort();
    if (!input.value) say("");
    else pause = setTimeout(ask, 500);
  });
}
