// Vendure's Admin schema, made by Vendure's own code out of its own parts.
import { createRequire } from 'node:module';
import { join } from 'node:path';

export default async ({ vendure }, { buildSchema }) => {
  const need = createRequire(join(vendure, 'index.js'));
  const { defaultConfig, getFinalVendureSchema, VENDURE_ADMIN_API_TYPE_PATHS: typePaths } = need('@vendure/core');
  const typesLoader = new (need('@nestjs/graphql').GraphQLTypesLoader)();
  return buildSchema(await getFinalVendureSchema({ config: defaultConfig, typePaths, typesLoader, apiType: 'admin', output: 'sdl' }));
};
