// A shop behind a certified OAuth server (oidc-provider): single-use refresh tokens, and one that is used twice ends the whole
// grant. Beside it a product list of one product, and what the server has seen.
//   node serve.mjs PORT REDIRECT_URI ACCESS_TTL_SECONDS
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [port, redirect, ttl] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])];
const modules = createRequire(path.join(process.env.STORE_SYNC_OIDC_MODULES, 'package.json'));
const { default: Provider } = await import(pathToFileURL(modules.resolve('oidc-provider')));

const seen = { codes: 0, refreshes: 0, refused: 0, revoked: 0, calls: 0, unauthorized: 0 };
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'store-sync', client_secret: 'oidc-secret', redirect_uris: [redirect], response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'], token_endpoint_auth_method: 'client_secret_basic',
  }],
  cookies: { keys: ['only-a-test'] },
  pkce: { required: () => true },
  // The first token has to outlive the connect, however busy the machine is.
  ttl: { AccessToken: (ctx) => (ctx.oidc.params.grant_type === 'refresh_token' ? ttl : 6), RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600, AuthorizationCode: 60 },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});
let lose = 0;
provider.on('grant.success', (ctx) => {
  if (ctx.oidc.params.grant_type === 'refresh_token') {
    seen.refreshes += 1;
    // Done here, and nobody hears of it.
    if (lose > 0) { lose -= 1; ctx.req.socket.destroy(); }
  }
  else seen.codes += 1;
});
provider.on('grant.error', () => { seen.refused += 1; });
provider.on('grant.revoked', () => { seen.revoked += 1; });

// The merchant is signed in and says yes.
async function interact(req, res) {
  const { prompt, params, grantId } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') {
    return provider.interactionFinished(req, res, { login: { accountId: 'merchant' } }, { mergeWithLastSubmission: false });
  }
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: 'merchant', clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

async function api(req, res) {
  seen.calls += 1;
  const token = (req.headers.authorization ?? '').replace(/^Bearer /, '');
  const known = token && await provider.AccessToken.find(token);
  const answer = (status, body) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (!known || known.isExpired) {
    seen.unauthorized += 1;
    return answer(401, { error: 'invalid_token' });
  }
  if (req.url.startsWith('/api/products')) return answer(200, { products: [{ id: '1', title: 'Chair' }], total: 1 });
  return answer(200, { id: 'shop-1', name: 'A shop behind a certified server' });
}

const callback = provider.callback();
http.createServer(async (req, res) => {
  try {
    if (req.url.startsWith('/interaction/')) await interact(req, res);
    else if (req.url.startsWith('/lose/')) { lose = Number(req.url.slice(6)); res.end(); }
    else if (req.url === '/stats') res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen));
    else if (req.url.startsWith('/api/')) await api(req, res);
    else callback(req, res);
  } catch (error) {
    res.writeHead(500).end(String(error));
  }
}).listen(port, '127.0.0.1');
