// « Copier » beside a value (components/copyable.html). The button is hidden until it can work.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const value = document.getElementById(button.dataset.copy);
  const status = button.parentElement.querySelector("[role=status]");
  if (!navigator.clipboard) continue;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(value.textContent.trim());
    status.textContent = button.dataset.copied;
  });
  button.hidden = false;
}
