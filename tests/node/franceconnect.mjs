// FranceConnect for the tests: the library it is made with, set up as it is. Nobody's real data.
//
//   node franceconnect.mjs <port> <client id> <client secret> <callback> <after signing out>
//
// Writes « ready » once it answers. ES256 everywhere, userinfo as a signed token, pairwise sub, PKCE, eidas1,
// codes of 30 seconds and tokens of 60, end-session.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';

import { Provider } from 'oidc-provider';

import { page, serve } from './choosing.mjs';

const [port, clientId, clientSecret, callback, afterLogout] = process.argv.slice(2);
const MOUNT = '/api/v2';
const issuer = `http://localhost:${port}${MOUNT}`;

const PEOPLE = {
  nadia: {
    given_name: 'Nadia Rose', family_name: 'LÉGER', preferred_username: 'ROUSSEL',
    birthdate: '1985-07-00', gender: 'female', email: 'nadia@exemple.fr', phone_number: '+33600000000',
  },
  paul: { given_name: 'Paul', family_name: 'GIRARD', birthdate: '1980-01-31', gender: 'male' },
  ines: { given_name: 'Inès', family_name: 'TANGUY', birthdate: '1982-04-02', gender: 'female' },
};
const CLAIMS = ['given_name', 'family_name', 'preferred_username', 'birthdate', 'gender'];

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(6).toString('hex'), use: 'sig', alg: 'ES256' };

const provider = new Provider(issuer, {
  acrValues: ['eidas1'],
  claims: {
    openid: ['sub'], acr: null, auth_time: null, iss: null, sid: null, email: ['email'],
    ...Object.fromEntries(CLAIMS.map((name) => [name, [name]])),
  },
  scopes: ['openid'],
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [callback],
    post_logout_redirect_uris: [afterLogout],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'ES256',
    userinfo_signed_response_alg: 'ES256',
    subject_type: 'pairwise',
    require_auth_time: true,
  }],
  clientAuthMethods: ['client_secret_post'],
  cookies: { keys: [randomBytes(24).toString('hex')] },
  enabledJWA: { idTokenSigningAlgValues: ['ES256'], userinfoSigningAlgValues: ['ES256'] },
  features: {
    devInteractions: { enabled: false },
    jwtUserinfo: { enabled: true },
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
  pairwiseIdentifier: (ctx, account, client) =>
    `${createHash('sha256').update(`${client.sectorIdentifier}|${account}`).digest('hex')}v1`,
  pkce: { required: () => true },
  renderError: (ctx, out) => {
    ctx.type = 'html';
    ctx.body = page('Erreur', `<p id="error">${out.error}</p>`);
  },
  responseTypes: ['code'],
  routes: {
    authorization: '/authorize', token: '/token', userinfo: '/userinfo', jwks: '/jwks', end_session: '/session/end',
  },
  subjectTypes: ['pairwise'],
  ttl: { AuthorizationCode: 30, AccessToken: 60, IdToken: 60, Interaction: 1800, Session: 1800, Grant: 1800 },
});

serve({
  provider, mount: MOUNT, port, people: PEOPLE, title: 'FranceConnect de test', labelOf: (id) => PEOPLE[id].given_name, proof: { acr: 'eidas1' },
});
