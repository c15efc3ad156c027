// Prints the sealed credentials of the older application's second generation as JSON: AES-256-GCM, no associated data, key id v1.
const { createCipheriv, createHash } = require('node:crypto');

const key = Buffer.alloc(32, 7);
const shops = {
  conn1: { provider: 'woocommerce', credentials: { baseUrl: 'https://one.example', consumerKey: 'ck_one', consumerSecret: 'cs_one' } },
  conn2: { provider: 'shopify', credentials: { baseUrl: 'https://two.example', accessToken: 'token-two', shopName: 'two' } },
  conn5: { provider: 'woocommerce', credentials: { baseUrl: 'https://five.example', consumerKey: 'ck_five', consumerSecret: 'cs_five' } },
};
const sealed = Object.entries(shops).map(([id, shop]) => {
  const plain = JSON.stringify(shop);
  const iv = createHash('sha256').update(id).digest().subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  const base64 = (bytes) => bytes.toString('base64');
  const fingerprint = createHash('sha256').update(plain).digest('hex');
  return { id, type: shop.provider, url: shop.credentials.baseUrl, text: base64(text), iv: base64(iv), tag: base64(cipher.getAuthTag()), fingerprint };
});
console.log(JSON.stringify({ key: `v1:${key.toString('base64')}`, sealed }));
