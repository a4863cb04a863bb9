/** Paths of the control port's cookie and unix socket (spec §10), for the daemon and its clients. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { isLoopback } from '../base/loopback.ts'

/** Name of the cookie in the data directory. */
export const COOKIE_NAME = 'control.cookie'

/** `${XDG_STATE_HOME:-~/.local/state}/freechains`. A relative XDG_STATE_HOME is ignored, as XDG demands. */
export function defaultStateDir(env: Readonly<Record<string, string | undefined>>): string {
  const home = env['XDG_STATE_HOME']
  return join(home !== undefined && isAbsolute(home) ? home : join(homedir(), '.local', 'state'), 'freechains')
}

/** The cookie that clients find by the port. */
export function cookiePath(stateDir: string, port: number): string {
  return join(stateDir, `control-${String(port)}.cookie`)
}

/** The unix socket that clients find by the port. */
export function socketPath(stateDir: string, port: number): string {
  return join(stateDir, `control-${String(port)}.sock`)
}

/** Whether a path is short enough for a unix socket (`sun_path`: 108 bytes on Linux, 104 elsewhere). */
export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) < (process.platform === 'linux' ? 108 : 104)
}

/**
 * The warning about a control port that other machines can reach; undefined for loopback. The daemon prints it whatever
 * the log level.
 */
export function exposureWarning(host: string): string | undefined {
  if (isLoopback(host)) return undefined
  const means =
    'whoever learns the cookie rules this node, and nothing sent is encrypted, neither the cookie nor private keys'
  return `other machines can reach the control port: ${means}; close it with a firewall, or set control to 127.0.0.1 and use ssh -L`
}
