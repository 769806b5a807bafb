// Holds the objects of a Kubernetes manifest against the types of the Kubernetes API:
// unknown fields, wrong types, and fields that are missing. node check.mjs FILE
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const packages = fileURLToPath(new URL('node_modules', import.meta.url));
const objects = parseAllDocuments(readFileSync(process.argv[2], 'utf8')).map((document) => {
  if (document.errors.length > 0) throw document.errors[0];
  return document.toJS();
});

// apps/v1 has its types in apps/v1, networking.k8s.io/v1 in networking/v1, v1 in core/v1.
const module = (apiVersion) => (apiVersion.includes('/') ? apiVersion.replace(/^([^./]+)[^/]*/, '$1') : `core/${apiVersion}`);
const checked = objects.map(({ apiVersion, kind, ...rest }) =>
  `((_: import('kubernetes-types/${module(apiVersion)}').${kind}) => {})(${JSON.stringify({ apiVersion, kind, ...rest }, null, 1)});\n`);

const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
try {
  writeFileSync(join(folder, 'objects.ts'), checked.join(''));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, types: [], skipLibCheck: true, paths: { 'kubernetes-types/*': [`${packages}/kubernetes-types/*`] } },
    files: ['objects.ts'],
  }));
  execFileSync(join(packages, '.bin/tsc'), ['--project', folder], { stdio: 'pipe' });
  for (const { kind, metadata } of objects) console.log(`${kind} ${metadata.name}`);
} catch (error) {
  console.error(error.stdout?.toString() || error.stack);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
