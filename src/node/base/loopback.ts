/** Whether an IP address is loopback: 127.0.0.0/8 and ::1, also as IPv4-mapped IPv6. Pure. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address)
}
