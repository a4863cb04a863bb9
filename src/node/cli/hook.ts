/**
 * Runs the user's own command for a new post (`--exec`, spec §11). What others wrote reaches it by environment and stdin, never as
 * a part of the command: a shell reads nothing of it.
 */
import { spawn } from 'node:child_process'
import { sanitizeLine } from './sanitize.ts'

/** A notification takes milliseconds; what hangs is killed, for the next post waits. */
const HOOK_MS = 10_000

/** Characters of a value in the environment, which has room for 128 KiB in all on some systems. */
const VALUE_CHARS = 2_000

export interface HookInput {
  /** Values by the part of their name behind `FREECHAINS_`. */
  readonly values: Readonly<Record<string, string>>
  /** One line of JSON for stdin. */
  readonly json: string
}

export interface HookOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

/** Waits for the end. @returns why it failed, if it did */
export async function runHook(
  command: string,
  { values, json }: HookInput,
  { env, signal, timeoutMs = HOOK_MS }: HookOptions,
): Promise<string | undefined> {
  const given = Object.entries(values).map(([name, value]) => [`FREECHAINS_${name}`, shown(value)])
  const timeout = AbortSignal.timeout(timeoutMs)
  return await new Promise((resolve) => {
    const child = spawn(command, {
      shell: true,
      env: { ...env, ...(Object.fromEntries(given) as Record<string, string>) },
      stdio: ['pipe', 'ignore', 'inherit'],
      signal: AbortSignal.any([signal, timeout]),
      killSignal: 'SIGKILL',
    })
    child.on('error', (error) => {
      resolve(timeout.aborted ? `it took more than ${String(timeoutMs / 1000)} s` : error.message)
    })
    child.on('close', (code, killedBy) => {
      resolve(
        code === 0 ? undefined : `it ended with ${code === null ? (killedBy ?? 'a signal') : `status ${String(code)}`}`,
      )
    })
    // It need not read.
    child.stdin.on('error', () => undefined)
    child.stdin.end(`${json}\n`)
  })
}

/** On one line and without what controls a terminal: a NUL cannot be in the environment, and scripts print what they get. */
function shown(value: string): string {
  return sanitizeLine(value.slice(0, VALUE_CHARS).toWellFormed())
}
