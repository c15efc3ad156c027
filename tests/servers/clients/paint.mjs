// paint.mjs CACHE BASE KEY MODEL REQUEST: Google's own SDK asks the service at BASE for a picture; REQUEST is { pictures, prompt, aspect, size }
// as JSON. Prints what the SDK makes of the answer.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [cache, baseUrl, apiKey, model, request] = process.argv.slice(2);
const { GoogleGenAI } = createRequire(join(cache, 'index.js'))('@google/genai');
const { pictures, prompt, aspect, size } = JSON.parse(request);
const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl, apiVersion: 'v1beta' } });
const parts = [...pictures.map(({ mimeType, data }) => ({ inlineData: { mimeType, data } })), { text: 'The pictures above show the product.' }, { text: prompt }];
try {
  const answer = await ai.models.generateContent({
    model,
    contents: [{ role: 'user', parts }],
    config: { responseModalities: ['TEXT', 'IMAGE'], imageConfig: { aspectRatio: aspect, imageSize: size } },
  });
  const part = answer.candidates?.[0]?.content?.parts?.find((part) => part.inlineData);
  process.stdout.write(JSON.stringify({ bytes: part ? Buffer.from(part.inlineData.data, 'base64').length : 0, blocked: answer.promptFeedback?.blockReason ?? null }));
} catch (error) {
  process.stdout.write(JSON.stringify({ status: error.status, message: error.message.slice(0, 200) }));
}
