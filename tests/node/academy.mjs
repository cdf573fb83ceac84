// The sign-in service of an académie for the tests, by the library that FranceConnect is made with, set up as such
// services often are: RS256, userinfo as plain JSON, the academic identifier in a claim. Nobody's real data.
//
//   node academy.mjs <port> <client id> <client secret> <callback> <after signing out>
//
// Writes « ready » once it answers.

import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { Provider } from 'oidc-provider';

import { page, serve } from './choosing.mjs';

const [port, clientId, clientSecret, callback, afterLogout] = process.argv.slice(2);
const MOUNT = '/sso';
const issuer = `http://localhost:${port}${MOUNT}`;

const PEOPLE = {
  claire: { preferred_username: 'cdubois', email: 'sylvie.lambert@ac-lyon.fr' },
  luc: { preferred_username: 'lmartin' },
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

serve({
  provider, mount: MOUNT, port, people: PEOPLE, title: 'Académie de test', labelOf: (id) => id, proof: {},
});
