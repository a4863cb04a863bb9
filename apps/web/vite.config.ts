/** The page, built to `dist/web`, from where the node serves it. Everything is a file of its own: the CSP allows nothing inline. */
import { defineConfig, type Plugin } from 'vite'
import { licencesOf } from '../../scripts/licences.mjs'

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [licences()],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rollupOptions: {
      // Comments of zod that say nothing to Rollup.
      onwarn: (warning, tell) => {
        if (warning.code !== 'INVALID_ANNOTATION') tell(warning)
      },
    },
  },
})

/** A file with the licences of all that is in the scripts. */
function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle(_options, bundle) {
      const files = Object.values(bundle).flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
      this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: licencesOf(import.meta.dirname, files) })
    },
  }
}
