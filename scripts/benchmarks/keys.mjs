// A key from a passphrase, through the port: what it costs is meant to be much, and is the library's.
import { median, lanes } from './figures.mjs'
import { openNode } from './node.mjs'

export async function keys({ root }) {
  const node = await openNode(root, 'keys', { name: '$bench', key: 'AB'.repeat(32) })
  const measure = async () => {
    const one = () => node.client.call('keys.pubpvt', { passphrase: 'a passphrase of several words, never used' })
    const { result, cpuUs, heldMs } = await node.measured(3, () => lanes(1, 3, one))
    return { value: median(result.times), cpuUs, heldMs }
  }
  return { figures: [{ name: 'keys.pubpvt of a passphrase', unit: 'ms', measure }], close: () => node.close() }
}
