// paint.mjs CACHE BASE FILE: Google's own SDK asks the service at BASE for what FILE (JSON) says; prints what the SDK makes of the answer.
//   { verb: 'paint' | 'edit' | 'analyse', model, …what the verb takes, markers,
//     access: { apiVersion } and { apiKey } | { apiKey, express: true } | { project, location, credentials } }
// The SDK keeps its own addresses: only the connection is led to BASE, and `x-asked-host` tells where it would have gone. On Vertex AI with
// credentials Google's own auth library signs and fetches the token.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';

// Libraries talk on stdout; the answer alone belongs there.
console.debug = console.log = console.error;
const [cache, base, file] = process.argv.slice(2);
const { GoogleGenAI, createPartFromBase64, createPartFromText, createUserContent } = createRequire(join(cache, 'index.js'))('@google/genai');
const { verb, model, access, markers, ...asked } = JSON.parse(readFileSync(file, 'utf8'));

const led = (address, init = {}) => {
  const url = new URL(address instanceof Request ? address.url : address);
  const headers = new Headers(init.headers);
  headers.set('x-asked-host', url.host);
  return fetch(new URL(url.pathname + url.search, base), { ...init, headers });
};
const httpOptions = { fetch: led, ...(access.apiVersion ? { apiVersion: access.apiVersion } : {}) };
const ai = access.credentials
  ? new GoogleGenAI({
      vertexai: true,
      project: access.project,
      location: access.location,
      httpOptions,
      googleAuthOptions: { credentials: access.credentials, clientOptions: { transporterOptions: { fetchImplementation: led } } },
    })
  : new GoogleGenAI({ apiKey: access.apiKey, vertexai: access.express ?? false, httpOptions });

const pictures = (list) => list.map(({ mimeType, data }) => createPartFromBase64(data, mimeType));
const group = (list, marker) => (list.length ? [...pictures(list), createPartFromText(marker)] : []);
const imageConfig = { aspectRatio: asked.aspect, imageSize: asked.size };
const verbs = {
  paint: () => ({
    contents: createUserContent([
      ...group(asked.pictures, markers.product),
      ...group(asked.inspirations, markers.inspiration),
      createPartFromText(asked.prompt),
    ]),
    config: { responseModalities: ['TEXT', 'IMAGE'], imageConfig },
  }),
  edit: () => ({
    contents: createUserContent([
      ...group([asked.picture], markers.edit),
      ...group(asked.others, markers.others),
      createPartFromText(asked.prompt),
    ]),
    config: { responseModalities: ['TEXT', 'IMAGE'], imageConfig },
  }),
  analyse: () => ({
    contents: createUserContent([...pictures(asked.pictures), createPartFromText(asked.instruction)]),
    config: {
      responseMimeType: 'application/json',
      responseSchema: asked.schema,
      maxOutputTokens: asked.maxOutputTokens,
      temperature: asked.temperature,
    },
  }),
};
try {
  const answer = await ai.models.generateContent({ model, ...verbs[verb]() });
  const part = answer.candidates?.[0]?.content?.parts?.find((part) => part.inlineData);
  const { promptTokenCount: input, candidatesTokenCount: output } = answer.usageMetadata ?? {};
  process.stdout.write(
    JSON.stringify({
      bytes: part ? Buffer.from(part.inlineData.data, 'base64').length : 0,
      value: verb === 'analyse' ? JSON.parse(answer.text) : null,
      blocked: answer.promptFeedback?.blockReason ?? null,
      tokens: [input, output],
    }),
  );
} catch (error) {
  process.stdout.write(JSON.stringify({ status: error.status, message: error.message.slice(0, 400) }));
}
