// Looks again, by itself, at what changes: a door (data-live), where one stands (data-watch). It asks less and less
// often while nothing happens and while nobody looks, and at once when somebody comes back to the page.
const FIRST = 2000, LAST = 15000, AWAY = 45000;
document.documentElement.classList.add("mcm-live");
// Who has pressed a button is on the way: nothing may take the page from under them.
let isLeaving = false;
document.addEventListener("submit", () => { isLeaving = true; });
addEventListener("pageshow", () => { isLeaving = false; });

function again(look) {
  let pause = FIRST, timer;
  const next = () => {
    clearTimeout(timer);
    // Those who came together do not ask together.
    timer = setTimeout(turn, (document.hidden ? AWAY : pause) * (0.8 + Math.random() * 0.4));
  };
  const turn = async () => {
    try {
      pause = (await look()) ? FIRST : Math.min(LAST, pause * 1.3);
    } catch {
      pause = LAST; // the network is away: later
    }
    next();
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) turn();
  });
  next();
}

// A page that is no more this person's (the post ended, the session of the portal ran out) is read anew: it leads
// to signing in, or says that it is not there, and shows nobody's name any longer.
function gone(answer) {
  const isGone = answer.redirected || [401, 403, 404, 410].includes(answer.status);
  if (isGone && !isLeaving) location.reload();
  return isGone;
}

for (const part of document.querySelectorAll("[data-live]")) {
  again(async () => {
    const answer = await fetch(part.dataset.live, {
      headers: { "If-None-Match": part.dataset.etag },
      cache: "no-store",
    });
    if (gone(answer)) return false;
    if (answer.status === 304 || !answer.ok) return false;
    const text = await answer.text();
    const held = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.innerHTML = text;
    part.dataset.etag = answer.headers.get("ETag");
    if (held) (document.getElementById(held) ?? part.querySelector("button, a"))?.focus();
    const told = document.getElementById(part.dataset.says ?? "");
    const sentence = part.querySelector("[data-sentence]")?.dataset.sentence ?? "";
    if (told && told.textContent !== sentence) told.textContent = sentence;
    return true;
  });
}

for (const part of document.querySelectorAll("[data-watch]")) {
  again(async () => {
    // Without cookies: this page's own word is enough, and no session is read for it.
    const answer = await fetch(part.dataset.watch, {
      headers: { "If-None-Match": `"${part.dataset.stands}"` },
      cache: "no-store",
      credentials: "omit",
    });
    if (answer.status === 304 || !answer.ok) return false;
    const { stands } = await answer.json();
    if (stands !== part.dataset.stands && !isLeaving) location.reload();
    return false;
  });
}

const presence = document.getElementById(document.querySelector("[data-presence]")?.dataset.presence ?? "");
if (presence) {
  setInterval(() => fetch(location.href, { method: "POST", body: new FormData(presence), redirect: "manual" }), 15000);
}
