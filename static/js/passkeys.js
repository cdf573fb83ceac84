// Passkeys (components/passkey.html, accounts/security/add_passkey.html). What needs them is hidden until they
// can work: the browser has them, and the page stands where the passkeys belong.
//
//   <form data-passkey="create|get" data-challenge="…" data-origin="…" hidden>   sends what the browser made
//   <… data-with-passkeys data-origin="…" hidden>                                 shown where they can work
//   <… data-without-passkeys data-origin="…">                                     shown where they cannot

const canWork = (element) =>
  Boolean(window.PublicKeyCredential && navigator.credentials) && location.origin === element.dataset.origin;

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const toIds = (list) => (list ?? []).map((each) => ({ ...each, id: toBytes(each.id) }));

const askServer = async (form) => {
  const token = form.elements.csrfmiddlewaretoken.value;
  const answer = await fetch(form.dataset.challenge, {
    method: "POST",
    headers: { "X-CSRFToken": token },
    credentials: "same-origin",
  });
  // The session ended, or the last proof is too old: the page itself says what to do.
  if (answer.redirected || answer.status === 403 || answer.status === 404) return null;
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return (await answer.json()).publicKey;
};

const create = async (options) => {
  const user = { ...options.user, id: toBytes(options.user.id) };
  const excludeCredentials = toIds(options.excludeCredentials);
  const challenge = toBytes(options.challenge);
  const made = await navigator.credentials.create({
    publicKey: { ...options, challenge, user, excludeCredentials },
  });
  return [made, ["clientDataJSON", "attestationObject"]];
};

const get = async (options) => {
  const allowCredentials = toIds(options.allowCredentials);
  const challenge = toBytes(options.challenge);
  const made = await navigator.credentials.get({ publicKey: { ...options, challenge, allowCredentials } });
  return [made, ["clientDataJSON", "authenticatorData", "signature", "userHandle"]];
};

const send = async (form) => {
  const options = await askServer(form);
  if (!options) {
    location.reload();
    return;
  }
  const [made, parts] = await (form.dataset.passkey === "create" ? create : get)(options);
  const response = {};
  for (const part of parts) if (made.response[part]) response[part] = toText(made.response[part]);
  form.elements.credential.value = JSON.stringify({
    id: made.id,
    rawId: toText(made.rawId),
    type: made.type,
    response,
  });
  form.submit();
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!canWork(form)) continue;
  const button = form.querySelector("button[type=submit]");
  const status = form.querySelector("[role=status]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    status.textContent = "";
    try {
      await send(form);
    } catch (error) {
      const sentences = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known" };
      status.textContent = form.dataset[sentences[error.name]] ?? form.dataset.failed;
    } finally {
      button.disabled = false;
    }
  });
  form.hidden = false;
}

for (const element of document.querySelectorAll("[data-with-passkeys]")) element.hidden = !canWork(element);
for (const element of document.querySelectorAll("[data-without-passkeys]")) element.hidden = canWork(element);
