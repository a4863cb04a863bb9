/** Where this user's files are: names and keys (spec §11). */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Io } from './io.ts'

/** `${XDG_CONFIG_HOME:-~/.config}/freechains`. A relative XDG_CONFIG_HOME is ignored, as XDG demands. */
export function configDir(env: Io['env']): string {
  const config = env['XDG_CONFIG_HOME']
  const home = env['HOME'] ?? homedir()
  const root = config !== undefined && isAbsolute(config) ? config : join(home, '.config')
  return join(root, 'freechains')
}
