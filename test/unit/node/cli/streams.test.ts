/** Payloads from stdin and files, answers to files, and Ctrl-C in the middle of both (spec §11). */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { writeWhole } from '../../../../src/node/cli/payload-files.ts'
import { Interrupted, write } from '../../../../src/node/cli/io.ts'
import { command, shell } from './rig.ts'

const results = { 'chain.post': { id: '1_A5EF', state: 'accepted' } }
const MIB = 1024 * 1024

/** A stream that counts what was read of it. */
function chunks(sizes: readonly number[]): { stream: AsyncIterable<Uint8Array>; whole: Buffer; read: () => number } {
  const list = sizes.map((size, at) => Buffer.alloc(size, at * 37 + 1))
  let read = 0
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const chunk of list) {
      read += 1
      yield chunk
    }
  }
  return { stream: stream(), whole: Buffer.concat(list), read: () => read }
}

describe('post -', () => {
  test('takes bytes as they come, in pieces of any size', async () => {
    for (const sizes of [[], [1], [2, 2, 2], [1, 3, 5, 7, 11], [4096, 1, 4095, 3]]) {
      const { stream, whole } = chunks(sizes)
      const { calls } = await command(shell('chain "#chat" post -'), { results, stdin: stream })
      expect(calls).toEqual([['chain.post', { chain: '#chat', payload: whole.toString('base64') }]])
    }
  })

  test('reads no further than any chain allows', async () => {
    const { stream, read } = chunks(Array.from({ length: 100 }, () => MIB))
    const outcome = await command(shell('chain "#chat" post -'), { results, stdin: stream })
    expect(outcome).toMatchObject({ status: 1, out: '', calls: [] })
    expect(outcome.err).toMatch(/stdin is longer than 67108864 bytes, the most that any chain allows/)
    expect(read()).toBe(65)
  })

  test('with --json gives id and state, whatever the message is', async () => {
    for (const how of ['inline text', '-']) {
      const { out } = await command(shell(`chain "#chat" post ${how} --json`), { results })
      expect(JSON.parse(out)).toEqual({ id: '1_A5EF', state: 'accepted' })
    }
  })
})

describe('Ctrl-C', () => {
  test.each(['chain "#chat" post -', 'crypto shared -', 'chains join "$g" -', 'chain "#chat" post inline x --sign=-'])(
    '%s waits for stdin no longer',
    async (line) => {
      const ctrlC = new AbortController()
      const stdin = new PassThrough()
      stdin.write('some of it')
      const running = command(shell(line), { results, stdin, interrupt: ctrlC.signal })
      ctrlC.abort()
      expect(await running).toMatchObject({ status: 130, out: '', err: '', calls: [] })
    },
  )

  test('nor for a reader that does not read', async () => {
    const ctrlC = new AbortController()
    const full = new PassThrough({ highWaterMark: 1 })
    const writing = write(full, 'x'.repeat(100), ctrlC.signal).then(() => write(full, 'y', ctrlC.signal))
    ctrlC.abort()
    await expect(writing).rejects.toThrow(Interrupted)
  })

  test('leaves no part of a file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'fc-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const ctrlC = new AbortController()
    const writing = writeWhole(join(dir, 'out'), new Uint8Array(8 * MIB), { signal: ctrlC.signal })
    ctrlC.abort()
    await expect(writing).rejects.toThrow(Interrupted)
    expect(await readdir(dir)).toEqual([])
  })
})
