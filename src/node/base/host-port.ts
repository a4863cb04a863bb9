/** An address as URLs and people write it: an IPv6 address in brackets. Pure. */
import { isIP } from 'node:net'

export function hostPort(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${String(port)}`
}
