// The sign-in service of an académie for the tests, by the library that FranceConnect is made with, set up as such
// services often are: RS256, userinfo as plain JSON, the academic identifier in a claim. Nobody's real data.
//
//   node academy.mjs <port> <client id> <client secret> <callback> <after signing out>
//
// Writes « ready » once it answers.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const [port, clientId, clientSecret, callback, afterLogout] = process.argv.slice(2);
const MOUNT = '/sso';
const issuer = `http://localhost:${port}${MOUNT}`;

const PEOPLE = {
  claire: { preferred_username: 'cdubois', email: 'sylvie.lambert@ac-lyon.fr' },
  inconnu: { preferred_username: 'personne' },
};

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(6).toString('hex'), use: 'sig', alg: 'RS256' };

const provider = new Provider(issuer, {
  claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'], acr: null, iss: null, sid: null },
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [callback],
    post_logout_redirect_uris: [afterLogout],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  clientAuthMethods: ['client_secret_basic'],
  cookies: { keys: [randomBytes(24).toString('hex')] },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = page('Se déconnecter', `${form}<button form="op.logoutForm" name="logout" value="yes">Oui</button>`);
      },
    },
  },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
  interactions: { url: (ctx, interaction) => `${MOUNT}/interaction/${interaction.uid}` },
  jwks: { keys: [key] },
  pkce: { required: () => true },
  renderError: (ctx, out) => {
    ctx.type = 'html';
    ctx.body = page('Erreur', `<p id="error">${out.error}</p>`);
  },
  responseTypes: ['code'],
  ttl: { AuthorizationCode: 30, AccessToken: 60, IdToken: 60, Interaction: 1800, Session: 1800, Grant: 1800 },
});

function page(title, body) {
  return `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>${title}</title>
    <link rel="icon" href="data:,"></head><body><main><h1>${title}</h1>${body}</main></body></html>`;
}

async function interact(request, response) {
  const { params, prompt, session } = await provider.interactionDetails(request, response);
  if (request.method !== 'POST' && prompt.name === 'login') {
    const buttons = Object.keys(PEOPLE).map((id) => `<button name="person" value="${id}">${id}</button>`);
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(page('Académie de test',
      `<form method="post">${buttons.join('')}<button name="person" value="">Annuler</button></form>`));
    return;
  }
  let person = session?.accountId;
  if (request.method === 'POST') {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    person = new URLSearchParams(Buffer.concat(chunks).toString()).get('person');
  }
  if (!PEOPLE[person]) {
    await provider.interactionFinished(request, response, { error: 'access_denied' });
    return;
  }
  const grant = new provider.Grant({ accountId: person, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  await provider.interactionFinished(request, response, {
    login: { accountId: person },
    consent: { grantId: await grant.save() },
  });
}

const answer = provider.callback();
createServer((request, response) => {
  if (request.url.startsWith(`${MOUNT}/interaction/`)) {
    interact(request, response).catch((error) => { response.statusCode = 400; response.end(String(error)); });
  } else if (request.url.startsWith(`${MOUNT}/`)) {
    request.originalUrl = request.url;
    request.url = request.url.slice(MOUNT.length);
    answer(request, response);
  } else {
    response.statusCode = 404;
    response.end();
  }
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
