// graphql-codegen with the client preset: npx graphql-codegen --config codegen.ts
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  // The file that `cloudapi schema` prints, or the URL of a server:
  // { 'https://api.example/graphql': { headers: { Authorization: 'Bearer …' } } }
  schema: 'schema.graphql',
  documents: ['*.ts', '!codegen.ts'],
  generates: {
    './gql/': {
      preset: 'client',
      config: {
        useTypeImports: true,
        // Enums as unions of strings, so that new values of a newer server cause no error.
        enumsAsTypes: true,
        strictScalars: true,
        scalars: {
          // A whole number up to 2^53-1.
          Amount: 'number',
          // A string of digits. Convert it with BigInt(text).
          BigInt: 'string',
          ChangeCursor: 'string',
          Cursor: 'string',
          JSONObject: 'Record<string, unknown>',
          Secret: 'string',
          // RFC 3339. Convert it with new Date(text), which only stores milliseconds.
          Time: 'string',
        },
      },
    },
  },
};

export default config;
