// Offers prenom.nom as a user name: <div data-suggest-name="id_first_name id_last_name" data-label="Utiliser">… <input></div>
const block = document.querySelector("[data-suggest-name]");

if (block) {
  const [first, last] = block.dataset.suggestName.split(" ").map((id) => document.getElementById(id));
  const username = block.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fr-btn fr-btn--tertiary fr-btn--sm mcm-suggest";
  button.hidden = true;
  username.after(button);

  const plain = (text) =>
    text
      .trim()
      .toLowerCase()
      .replaceAll("œ", "oe")
      .replaceAll("æ", "ae")
      .normalize("NFD")
      .replace(/[^a-z -]/g, "")
      .replace(/[ -]+/g, "-");

  const suggest = () => {
    const name = `${plain(first.value)}.${plain(last.value)}`.slice(0, 30);
    button.hidden = username.value !== "" || !/^[a-z][a-z0-9._-]*\.[a-z0-9._-]+$/.test(name);
    button.value = name;
    button.textContent = `${block.dataset.label} ${name}`;
  };

  for (const input of [first, last, username]) input.addEventListener("input", suggest);
  button.addEventListener("click", () => {
    username.value = button.value;
    button.hidden = true;
    username.focus();
  });
  suggest();
}
