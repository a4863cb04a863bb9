/** Which IP addresses lead back to this machine. Pure. */

/** Whether an IP address is of this machine alone: 127.0.0.0/8 and ::1, also as IPv4 in IPv6. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address)
}
