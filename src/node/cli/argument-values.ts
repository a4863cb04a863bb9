/** Values on the command line as typed, checked (spec §11): ports, addresses of the control port, text. Pure. */
import { CommandError, UsageError } from './io.ts'

/** Where `start` has its control port unless told. */
export const DEFAULT_CONTROL_PORT = 8330

/** What Node, and many a program before it, puts in place of bytes that are no text. */
const REPLACEMENT = '\uFFFD'

/** @param instead - how else to give it, so that its bytes are seen @throws {CommandError} */
export function requireUtf8(text: string, what: string, instead: string): string {
  if (text.isWellFormed() && !text.includes(REPLACEMENT)) return text
  const why = 'has U+FFFD in it, which stands for bytes that are no UTF-8'
  throw new CommandError(`${what} ${why}: nobody can tell what was meant; ${instead}`)
}

/** A port as typed. @throws {UsageError} */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port >= 0 && port <= 65_535)) throw new UsageError(`“${text}” is no port: expected a number up to 65535`)
  return port
}

/** What `--host` and `--port` say together. @throws {UsageError} */
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

/** `ADDR:PORT`, `ADDR`, `[::1]:PORT`. @throws {UsageError} */
function parseHost(text: string | undefined): { readonly host: string; readonly port?: number } {
  if (text === undefined) return { host: '127.0.0.1' }
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw new UsageError(`“${text}” is no control address: expected ADDR:PORT`)
  return match?.[3] === undefined ? { host } : { host, port: parsePort(match[3]) }
}
