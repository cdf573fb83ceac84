// Counts the seconds until a message can be sent again. The button stays usable: the server decides.
for (const counter of document.querySelectorAll("[data-resend-in]")) {
  let left = Number(counter.dataset.resendIn);
  const sentence = counter.dataset.sentence; // « … dans {seconds} secondes »

  const tick = () => {
    counter.hidden = left <= 0;
    counter.textContent = left > 0 ? sentence.replace("{seconds}", left) : "";
    if (left <= 0) return;
    left -= 1;
    setTimeout(tick, 1000);
  };

  tick();
}
