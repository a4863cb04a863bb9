// The command with all that it imports, in a few files: node reads some 60 files in place of a thousand, and a daemon is ready
// in less than half of the time (docs/decisions/0035-bundle.md). Part of `npm run build`.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { licencesOf } from './licences.mjs'

const top = fileURLToPath(new URL('..', import.meta.url))
const folder = join(top, 'dist/node')

/** Of these, files beside their code are needed: the compiled addon of LevelDB. */
const LOADED_FROM_NODE_MODULES = ['classic-level']

/** CommonJS among the dependencies asks for Node's own modules. */
const REQUIRE = "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);"

const { metafile } = await build({
  absWorkingDir: top,
  entryPoints: ['src/node/main.ts', 'src/node/chain/intake/verify-worker.ts'],
  entryNames: '[name]',
  outdir: join(folder, 'bundle'),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: LOADED_FROM_NODE_MODULES,
  banner: { js: REQUIRE },
  metafile: true,
  logLevel: 'warning',
})

// `import()` of CommonJS has a default export in a bundle and no names, and nothing says so before it runs.
for (const [path, { imports }] of Object.entries(metafile.inputs)) {
  for (const { kind, path: loaded } of imports) {
    if (kind === 'dynamic-import' && metafile.inputs[loaded]?.format === 'cjs') {
      throw new Error(
        `${path} loads ${loaded}, which is CommonJS, by import(): import it in a file of its own, and load that`,
      )
    }
  }
}

// What `node` is given and npm links: `bundle/` has the depth of other rooms, whose files look for others beside them.
const launcher = join(folder, 'main.js')
writeFileSync(launcher, "#!/usr/bin/env node\nimport './bundle/main.js'\n")
chmodSync(launcher, 0o755)
writeFileSync(join(folder, 'bundle/LICENSES.txt'), licencesOf(top, Object.keys(metafile.inputs)))
