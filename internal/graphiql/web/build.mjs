// Builds the page into ../dist, gzipped file by file; with --check it only says
// whether ../dist holds what the sources build to.

import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = import.meta.dirname;
const dist = resolve(root, '../dist');

const fresh = await bundle();
if (process.argv.includes('--check')) check();
else write();

/** Returns the built files: path to content. */
async function bundle() {
  const outDir = mkdtempSync(join(tmpdir(), 'graphiql-'));
  try {
    await build({ root, logLevel: 'error', build: { outDir, emptyOutDir: true } });
    return readTree(outDir);
  } finally {
    rmSync(outDir, { recursive: true });
  }
}

function write() {
  rmSync(dist, { recursive: true, force: true });
  for (const [name, content] of fresh) {
    const file = join(dist, `${name}.gz`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, gzipSync(content, { level: 9 }));
  }
}

// Contents are compared, not gzip bytes: those may differ between versions of zlib.
function check() {
  const committed = new Map([...readTree(dist)].map(([name, gz]) => [name.replace(/\.gz$/, ''), gunzipSync(gz)]));
  const names = new Set([...fresh.keys(), ...committed.keys()]);
  const stale = [...names].filter(name => !fresh.has(name) || !committed.get(name)?.equals(fresh.get(name)));
  for (const name of stale) console.error(`differs from the sources: dist/${name}.gz`);
  process.exitCode = stale.length ? 1 : 0;
}

function readTree(dir) {
  const files = readdirSync(dir, { recursive: true }).filter(name => statSync(join(dir, name)).isFile());
  return new Map(files.sort().map(name => [name, readFileSync(join(dir, name))]));
}
