/** Builds the `dist` of both packages once before the integration tests, which spawn and pack it. `FREECHAINS_BUILT=1` says that it is up to date. */
import { execFileSync } from 'node:child_process'

export default function build(): void {
  if (process.env['FREECHAINS_BUILT'] === '1') return
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
}
