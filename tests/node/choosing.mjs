// What the providers of the tests share: a page where one chooses who one is, served at a path of this machine.

import { createServer } from 'node:http';

export function page(title, body) {
  return `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>${title}</title>
    <link rel="icon" href="data:,"></head><body><main><h1>${title}</h1>${body}</main></body></html>`;
}

async function interact(request, response, { provider, people, title, labelOf, proof }) {
  const { params, prompt, session } = await provider.interactionDetails(request, response);
  if (request.method !== 'POST' && prompt.name === 'login') {
    const buttons = Object.keys(people).map((id) => `<button name="person" value="${id}">${labelOf(id)}</button>`);
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(page(title,
      `<form method="post">${buttons.join('')}<button name="person" value="">Annuler</button></form>`));
    return;
  }
  let person = session?.accountId;
  if (request.method === 'POST') {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    person = new URLSearchParams(Buffer.concat(chunks).toString()).get('person');
  }
  if (!people[person]) {
    await provider.interactionFinished(request, response, { error: 'access_denied' });
    return;
  }
  const grant = new provider.Grant({ accountId: person, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  await provider.interactionFinished(request, response, {
    login: { accountId: person, ...proof },
    consent: { grantId: await grant.save() },
  });
}

// Serves `provider` below `mount`; writes « ready » once it answers. `proof` is what a sign-in there is worth.
export function serve({ mount, port, ...choice }) {
  const answer = choice.provider.callback();
  createServer((request, response) => {
    if (request.url.startsWith(`${mount}/interaction/`)) {
      interact(request, response, choice)
        .catch((error) => { response.statusCode = 400; response.end(String(error)); });
    } else if (request.url.startsWith(`${mount}/`)) {
      request.originalUrl = request.url;
      request.url = request.url.slice(mount.length);
      answer(request, response);
    } else {
      response.statusCode = 404;
      response.end();
    }
  }).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
}
