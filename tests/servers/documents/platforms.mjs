// Which judge has what of which platform, and where document and shop are known to differ: each difference as the judge says it, and why it
// is none of ours. Differences that a judge cannot pass over one by one stand beside its types instead (bigcommerce.mjs, saleor.mjs).

const token = 'the token endpoint is that of OAuth 2.0, and in no document of the API';
const failure = 'the document describes no failures of this operation';
const camel = (entity) => String(entity).replaceAll(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());
const asked = (url) => [[`POST ${url}: is not in the document`, token]];

export const platforms = {
  bigcommerce: {
    judge: 'types',
    declarations: 'bigcommerce',
    at: 'https://api.bigcommerce.com/stores/g5cd38',
    differs: [
      ...asked('https://login.bigcommerce.com/oauth2/token'),
      ['GET /stores/g5cd38/v2/store: answer 401 / is not in the declarations', failure],
      ['GET /stores/g5cd38/v2/store: answer 429 / is not in the declarations', failure],
      ['GET /stores/g5cd38/v3/catalog/products/{product_id}: the answer 404 is not in the declarations', failure],
      ['POST /stores/g5cd38/v3/catalog/products/{product_id}/images: answer 422 / is not in the declarations', failure],
    ],
  },
  etsy: {
    judge: 'types',
    declarations: 'etsy',
    at: 'https://api.etsy.com',
    differs: [
      ...asked('https://api.etsy.com/v3/public/oauth/token'),
      ['GET /v3/application/users/{user_id}/shops: the answer 401 is not in the declarations', failure],
    ],
  },
  saleor: {
    judge: 'graphql',
    schema: 'saleor',
    endpoint: '/graphql/',
    differs: [['GET https://acme.saleor.cloud/.well-known/jwks.json: is not in the document', 'the key set is no part of the GraphQL API']],
  },
  shopify: {
    judge: 'graphql',
    schema: 'shopify',
    endpoint: '/graphql.json',
    differs: [
      ...asked('https://acme.myshopify.com/admin/oauth/access_token'),
      [
        'POST https://shopify-staged-uploads.storage.googleapis.com/: is not in the document',
        'the storage that an upload is staged in is no part of the API',
      ],
      [
        'GET https://storage.googleapis.com/shopify-tiers-assets-prod-us-east1/bulk-operation-outputs/x: is not in the document',
        'nor is that of the file of a bulk operation',
      ],
      ['the answer 402 is not in the document', 'a frozen shop answers before GraphQL does'],
    ],
  },
  shopware: {
    judge: 'openapi',
    document: '@shopware/api-client/api-types/adminApiSchema.json',
    at: 'https://shop.example/api',
    // The endpoint that writes several entities takes anything by the document: each is held against the schema of its kind.
    within: ({ url, body }) =>
      url.endsWith('/_action/sync')
        ? Object.values(body).flatMap(({ entity = '', payload = [] }) => [payload].flat().map((one) => [camel(entity), one]))
        : [],
    differs: [
      [
        'POST /api/search/product: body /total-count-mode must be string',
        'every version reads the number, older ones do not know the text',
      ],
      ['POST /api/search/product: body /total-count-mode must be equal to one of the allowed values: none, exact, next-pages', 'as above'],
      ['POST /api/search/product: answer 200 /data/*/parentId must be string', 'members that are not set are null'],
      ['POST /api/search/product: answer 200 /data/*/updatedAt must be string', 'as above'],
      ['POST /api/search/product: answer 200 /data/*/coverId must be string', 'as above'],
      ['POST /api/search/product: answer 200 /data/*/name must be string', 'as above'],
      ['POST /api/search/product: answer 200 /data/*/children/*/name must be string', 'members that a variant inherits are null'],
      ['POST /api/search/product: answer 200 /data/*/children/*/price must be array', 'as above'],
      ['POST /api/search/product: answer 200 /data/*/children/*/taxId must be string', 'as above'],
      [
        'PATCH /api/product/{id}: the answer 204 is not in the document',
        'the document has 200 with the product, which Shopware answers if it is asked to',
      ],
      ['POST /api/oauth/token: the answer 401 is not in the document', failure],
    ],
  },
  square: { judge: 'square', at: 'https://connect.squareup.com' },
  vendure: { judge: 'graphql', schema: 'vendure', endpoint: '/admin-api' },
  wix: {
    judge: 'types',
    declarations: 'wix',
    differs: [
      ...asked('https://www.wixapis.com/oauth2/token'),
      ['POST /stores/v3/products/query: the answer 428 is not in the declarations', failure],
      ['GET /stores/v3/products/:productId: the answer 404 is not in the declarations', failure],
    ],
  },
  'wix-v1': {
    judge: 'types',
    declarations: 'wix',
    differs: [
      ...asked('https://www.wixapis.com/oauth2/token'),
      ['POST /stores-reader/v1/products/query: the answer 428 is not in the declarations', failure],
      ['GET /apps/v1/instance: the answer 401 is not in the declarations', failure],
      ['GET /apps/v1/instance: the answer 429 is not in the declarations', failure],
    ],
  },
};
