// Compiles the tagged templates of Relay in a file, in place, as a bundler does:
// node babel.mjs FILE.
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { transformFileSync } from '@babel/core';

const file = process.argv[2];
const { code } = transformFileSync(file, { configFile: `./${dirname(file)}/babel.config.json` });
// Node wants the extension, which a bundler adds.
writeFileSync(file, code.replaceAll(/(__generated__\/\w+\.graphql)(['"])/g, '$1.js$2'));
