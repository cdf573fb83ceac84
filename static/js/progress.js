// Asks now and then how far the work is, and shows the page anew at its end. Without it: « Actualiser ».
const place = document.querySelector("[data-progress]");
let wait = 1500; // milliseconds; longer while nothing moves

async function look() {
  try {
    const answer = await fetch(place.dataset.progress, { headers: { Accept: "application/json" } });
    const { percent, moves } = await answer.json();
    if (!moves) {
      location.reload();
      return;
    }
    const bar = place.querySelector("progress");
    wait = percent === bar.value ? Math.min(wait * 1.5, 15000) : 1500;
    bar.value = percent;
    place.querySelector("[data-percent]").textContent = percent;
  } catch {
    wait = 15000; // no network, or signed out: the link of the page says so
  }
  setTimeout(look, wait);
}

if (place) setTimeout(look, wait);
