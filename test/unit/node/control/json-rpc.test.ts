/**
 * The examples of the JSON-RPC 2.0 specification (its §7) over a real socket, in its order, with our methods in place
 * of its own. Where our rules are stricter (params by name, a line that is no JSON ends the connection), the test says
 * so.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Handlers } from '../../../../src/node/control/schema.ts'
import { rawTcp, rawUnix, startRig, type Raw, type Rig } from './rig.ts'

const error = (code: number, id: number | string | null): object => ({
  jsonrpc: '2.0',
  error: { code, message: expect.any(String) as string, data: { code: expect.any(String) as string } },
  id,
})
const result = (value: unknown, id: number | string | null): object => ({ jsonrpc: '2.0', result: value, id })

/** `host.now` answers its `ms`; `chain.genesis` and similar methods succeed. */
const handlers: Partial<Handlers> = {
  'host.now': async ({ ms }) => ms ?? 7,
  'chain.genesis': async ({ chain }) => `0_${chain}`,
  'chains.list': async () => [{ name: '#chat', id: '0_AB' }],
}

async function authenticated(rig: Rig): Promise<Raw> {
  const token = (await readFile(join(rig.dir, 'control.cookie'), 'utf8')).trim()
  const raw = (await rawTcp(rig)).send({ jsonrpc: '2.0', id: 'auth', method: 'auth', params: { token } })
  expect(await raw.next()).toEqual(result(true, 'auth'))
  return raw
}

const ways: readonly (readonly [string, (rig: Rig) => Promise<Raw>])[] = [
  ['unix socket', rawUnix],
  ['tcp', authenticated],
]

describe.each(ways)('over %s', (_way, open) => {
  /** The answer to a line. A call sent after it shows that nothing else came. */
  async function answers(line: string): Promise<unknown[]> {
    const raw = (await open(await startRig({ handlers }))).text(`${line}\n`)
    raw.send({ jsonrpc: '2.0', id: 'last', method: 'chains.list' })
    const all: unknown[] = []
    for (let next = await raw.next(); next !== undefined; next = await raw.next()) {
      if ((next as { id?: unknown }).id === 'last') return all
      all.push(next)
    }
    return [...all, 'closed']
  }

  test('rpc call with positional parameters: ours go by name, so that is invalid params', async () => {
    expect(await answers('{"jsonrpc": "2.0", "method": "host.now", "params": [42], "id": 1}')).toEqual([
      error(-32602, 1),
    ])
  })

  test('rpc call with named parameters', async () => {
    expect(await answers('{"jsonrpc": "2.0", "method": "host.now", "params": {"ms": 19}, "id": 3}')).toEqual([
      result(19, 3),
    ])
    expect(await answers('{"id": 4, "params": {"ms": 20}, "method": "host.now", "jsonrpc": "2.0"}')).toEqual([
      result(20, 4),
    ])
    expect(await answers('{"jsonrpc": "2.0", "method": "host.now", "id": "no params"}')).toEqual([
      result(7, 'no params'),
    ])
    expect(await answers('{"jsonrpc": "2.0", "method": "host.now", "id": null}')).toEqual([result(7, null)])
  })

  test('a notification', async () => {
    expect(await answers('{"jsonrpc": "2.0", "method": "host.now", "params": {"ms": 1}}')).toEqual([])
    expect(await answers('{"jsonrpc": "2.0", "method": "foobar"}')).toEqual([])
  })

  test('rpc call of non-existent method', async () => {
    expect(await answers('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}')).toEqual([error(-32601, '1')])
  })

  test('rpc call with invalid JSON; the connection ends with it', async () => {
    const line = '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]'
    expect(await answers(line)).toEqual([error(-32700, null), 'closed'])
  })

  test('rpc call with invalid Request object', async () => {
    expect(await answers('{"jsonrpc": "2.0", "method": 1, "params": "bar"}')).toEqual([error(-32600, null)])
  })

  test('rpc call Batch, invalid JSON; the connection ends with it', async () => {
    const line =
      '[ {"jsonrpc": "2.0", "method": "host.now", "params": {"ms": 1}, "id": "1"}, {"jsonrpc": "2.0", "method" ]'
    expect(await answers(line)).toEqual([error(-32700, null), 'closed'])
  })

  test('rpc call with an empty Array', async () => {
    expect(await answers('[]')).toEqual([error(-32600, null)])
  })

  test('rpc call with an invalid Batch (but not empty)', async () => {
    expect(await answers('[1]')).toEqual([[error(-32600, null)]])
  })

  test('rpc call with invalid Batch', async () => {
    expect(await answers('[1,2,3]')).toEqual([[error(-32600, null), error(-32600, null), error(-32600, null)]])
  })

  test('rpc call Batch', async () => {
    const batch = [
      '{"jsonrpc": "2.0", "method": "host.now", "params": {"ms": 7}, "id": "1"}',
      '{"jsonrpc": "2.0", "method": "host.now", "params": {"ms": 8}}',
      '{"jsonrpc": "2.0", "method": "chain.genesis", "params": {"chain": "#a"}, "id": "2"}',
      '{"foo": "boo"}',
      '{"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"}',
      '{"jsonrpc": "2.0", "method": "chains.list", "id": "9"}',
    ]
    expect(await answers(`[${batch.join(',')}]`)).toEqual([
      [
        result(7, '1'),
        result('0_#a', '2'),
        error(-32600, null),
        error(-32601, '5'),
        result([{ name: '#chat', id: '0_AB' }], '9'),
      ],
    ])
  })

  test('rpc call Batch (all notifications): nothing is returned', async () => {
    const batch = [
      '{"jsonrpc": "2.0", "method": "host.now", "params": {"ms": 1}}',
      '{"jsonrpc": "2.0", "method": "chains.list"}',
    ]
    expect(await answers(`[${batch.join(',')}]`)).toEqual([])
  })
})
