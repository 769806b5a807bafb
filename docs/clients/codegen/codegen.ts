// graphql-codegen with the client preset: npx graphql-codegen --config codegen.ts
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  // The file that `cloudapi schema` prints, or the address of a server:
  // { 'https://api.example/graphql': { headers: { Authorization: 'Bearer …' } } }
  schema: 'schema.graphql',
  documents: ['*.ts', '!codegen.ts'],
  generates: {
    './gql/': {
      preset: 'client',
      config: {
        useTypeImports: true,
        // Enums as unions of texts: a value that a newer server adds does no harm.
        enumsAsTypes: true,
        strictScalars: true,
        scalars: {
          // A whole number up to 2^53-1.
          Amount: 'number',
          // Digits: BigInt(text) calculates with it.
          BigInt: 'string',
          ChangeCursor: 'string',
          Cursor: 'string',
          JSONObject: 'Record<string, unknown>',
          Secret: 'string',
          // RFC 3339: new Date(text), which has milliseconds only.
          Time: 'string',
        },
      },
    },
  },
};

export default config;
