// serve.js FOLDER PORT [--prepare]: a Vendure on 127.0.0.1 with its database and assets in FOLDER, in one process.
// --prepare fills FOLDER with the sample catalogue of @vendure/create and an API key, then ends.
const fs = require('fs');
const path = require('path');
const cache = process.env.NODE_PATH;
const { bootstrap, DefaultJobQueuePlugin, dummyPaymentHandler, DefaultLogger, JobQueueService, LogLevel } = require('@vendure/core');
const { AssetServerPlugin } = require('@vendure/asset-server-plugin');

const [folder, port, prepare] = process.argv.slice(2);
const sample = path.join(cache, '@vendure/create/assets');
const superadmin = { identifier: 'superadmin', password: 'superadmin' };
const config = {
    apiOptions: { hostname: '127.0.0.1', port: Number(port), adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
    authOptions: { tokenMethod: ['bearer', 'api-key'], superadminCredentials: superadmin, requireVerification: false },
    dbConnectionOptions: { type: 'better-sqlite3', database: path.join(folder, 'vendure.sqlite'), synchronize: !!prepare, logging: false },
    paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
    importExportOptions: { importAssetsDir: path.join(sample, 'images') },
    logger: new DefaultLogger({ level: LogLevel.Warn }),
    plugins: [
        AssetServerPlugin.init({ route: 'assets', assetUploadDir: path.join(folder, 'assets') }),
        DefaultJobQueuePlugin.init({}),
    ],
};

async function start() {
    const app = await bootstrap(config);
    await app.get(JobQueueService).start();
    return app;
}

async function ask(query, variables, token) {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`http://127.0.0.1:${port}/admin-api`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    const body = await answer.json();
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return { data: body.data, token: answer.headers.get('vendure-auth-token') };
}

async function main() {
    if (!prepare) return start();
    const { populate } = require('@vendure/core/cli');
    const app = await populate(start, path.join(sample, 'initial-data.json'), path.join(sample, 'products.csv'));
    const login = 'mutation($u: String!, $p: String!) { login(username: $u, password: $p) { __typename } }';
    const { token } = await ask(login, { u: superadmin.identifier, p: superadmin.password });
    const roles = await ask('{ roles { items { id code } } }', {}, token);
    const role = roles.data.roles.items.find(r => r.code.includes('super_admin'));
    const input = { roleIds: [role.id], translations: [{ languageCode: 'en', name: 'store-sync' }] };
    const key = await ask('mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { apiKey } }', { i: input }, token);
    fs.writeFileSync(path.join(folder, 'api-key.txt'), key.data.createApiKey.apiKey);
    await app.close();
    process.exit(0);
}

main().catch(error => { console.error(error); process.exit(1); });
