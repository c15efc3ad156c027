// jwt.mjs key: makes an RSA key and prints it as { private, rsa, public } in PEM (PKCS #8, PKCS #1, SPKI).
// jwt.mjs verify PUBLIC JWT: prints { valid, head, claims } by node's own crypto.
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';

const [what, key, jwt] = process.argv.slice(2);
if (what === 'key') {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = (key, type) => key.export({ type, format: 'pem' });
  process.stdout.write(
    JSON.stringify({ private: pem(pair.privateKey, 'pkcs8'), rsa: pem(pair.privateKey, 'pkcs1'), public: pem(pair.publicKey, 'spki') }),
  );
} else {
  const [head, claims, signature] = jwt.split('.');
  const valid = verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), createPublicKey(key), Buffer.from(signature, 'base64url'));
  const read = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
  process.stdout.write(JSON.stringify({ valid, head: read(head), claims: read(claims) }));
}
