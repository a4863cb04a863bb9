/** The page, built to `dist/web`, from where the node serves it. Everything is a file of its own: the CSP allows nothing inline. */
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
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
