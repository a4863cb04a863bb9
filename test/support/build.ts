/** Builds `dist` once before the integration tests, which spawn it. `FREECHAINS_BUILT=1` says that it is up to date. */
import { execFileSync } from 'node:child_process'

export default function build(): void {
  if (process.env['FREECHAINS_BUILT'] === '1') return
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
}
