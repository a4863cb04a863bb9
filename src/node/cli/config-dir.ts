/** Where this user's files are (spec §11): names, keys and mutes; and, apart from them, how far he has read. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Io } from './io.ts'

/** `${XDG_CONFIG_HOME:-~/.config}/freechains`. Relative values are ignored, as XDG demands. */
export function configDir(env: Io['env']): string {
  return userDir(env, 'XDG_CONFIG_HOME', '.config')
}

/** `${XDG_STATE_HOME:-~/.local/state}/freechains`. */
export function stateDir(env: Io['env']): string {
  return userDir(env, 'XDG_STATE_HOME', join('.local', 'state'))
}

function userDir(env: Io['env'], variable: string, otherwise: string): string {
  const given = env[variable]
  const root = given !== undefined && isAbsolute(given) ? given : join(env['HOME'] ?? homedir(), otherwise)
  return join(root, 'freechains')
}
