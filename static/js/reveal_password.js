// « Afficher / Masquer » beside a password. The button is hidden until it can work.
for (const button of document.querySelectorAll("button[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const [show, hide] = button.children;

  const reveal = (visible) => {
    input.type = visible ? "text" : "password";
    show.hidden = visible;
    hide.hidden = !visible;
  };

  button.addEventListener("click", () => reveal(input.type === "password"));
  // Sent in clear sight, a browser would keep it among the words it suggests.
  input.form?.addEventListener("submit", () => reveal(false));
  button.hidden = false;
}
