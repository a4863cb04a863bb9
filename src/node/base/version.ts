/** The version of this program, read from package.json. */
import { readFileSync } from 'node:fs'

const packageFile = new URL('../../../package.json', import.meta.url)

/** Taken as it is: it is our own file, and a schema's library is slow to load for `--version`. */
export const { version: VERSION } = JSON.parse(readFileSync(packageFile, 'utf8')) as { readonly version: string }
