/** Values of arguments as typed, validated (spec §11): ports, addresses of the control port, text. Pure. */
import { InvalidArgumentError } from 'commander'
import { CommandError, UsageError } from './io.ts'

/** Port of the control port by default. */
export const DEFAULT_CONTROL_PORT = 8330

/** U+FFFD, which Node and many other programs substitute for invalid UTF-8. */
const REPLACEMENT = '\uFFFD'

/**
 * Refuses text that was not typed in UTF-8. Node replaces invalid bytes by U+FFFD, so a user with another encoding
 * would sign, or make keys of, another text.
 *
 * @param instead - another way to pass the bytes
 * @throws {CommandError}
 */
export function requireUtf8(text: string, what: string, instead: string): string {
  if (text.isWellFormed() && !text.includes(REPLACEMENT)) return text
  const why = 'has U+FFFD in it, which stands for bytes that are no UTF-8'
  throw new CommandError(`${what} ${why}: nobody can tell what was meant; ${instead}`)
}

/** Parses a port. @throws {UsageError} */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port >= 0 && port <= 65_535)) throw new UsageError(`“${text}” is no port: expected a number up to 65535`)
  return port
}

/** A count from 1 to `most`. @throws {InvalidArgumentError} commander turns it into a usage error */
export function parseCount(text: string, most: number): number {
  const count = /^\d+$/.test(text) && text.length <= String(most).length ? Number(text) : 0
  if (count < 1 || count > most) throw new InvalidArgumentError(`Expected a number from 1 to ${String(most)}.`)
  return count
}

/** The control port that `--host` and `--port` name together. @throws {UsageError} */
export function endpointOf(
  host: string | undefined,
  port: string | undefined,
): { readonly host: string; readonly port: number } {
  const address = parseHost(host)
  const alone = port === undefined ? undefined : parsePort(port)
  if (alone !== undefined && address.port !== undefined && alone !== address.port) {
    const both = `--host says port ${String(address.port)} and --port says ${String(alone)}`
    throw new UsageError(`${both}: leave one of them out`)
  }
  return { host: address.host, port: alone ?? address.port ?? DEFAULT_CONTROL_PORT }
}

/** Parses `ADDR:PORT`, `ADDR` or `[::1]:PORT`. @throws {UsageError} */
function parseHost(text: string | undefined): { readonly host: string; readonly port?: number } {
  if (text === undefined) return { host: '127.0.0.1' }
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw new UsageError(`“${text}” is no control address: expected ADDR:PORT`)
  return match?.[3] === undefined ? { host } : { host, port: parsePort(match[3]) }
}
