/** The user's own command for each post (spec §11): what others wrote is data to it, never a part of it. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runHook } from '../../../../src/node/cli/hook.ts'

const { signal } = new AbortController()
const env = { PATH: process.env['PATH'] }

test('what others wrote comes by environment and stdin, and no shell reads it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'freechains-'))
  const evil = `"; touch ${dir}/owned; echo $(touch ${dir}/owned) \`touch ${dir}/owned\` '\u0000\u001b[2J\n--help`
  const command = `printf '%s' "$FREECHAINS_TEXT" > ${dir}/text; cat > ${dir}/json`
  const failed = await runHook(command, { values: { TEXT: evil }, json: JSON.stringify({ evil }) }, { env, signal })
  expect(failed).toBeUndefined()
  expect(await readdir(dir)).toEqual(['json', 'text'])
  expect(await readFile(join(dir, 'text'), 'utf8')).toBe(
    evil.replace('\u0000', '␀').replace('\u001b', '␛').replace('\n', '␤'),
  )
  expect(JSON.parse(await readFile(join(dir, 'json'), 'utf8'))).toEqual({ evil })
})

test('a command that fails says so, one that does not read its input is no failure, and what hangs is killed', async () => {
  const input = { values: {}, json: 'x'.repeat(1_000_000) }
  expect(await runHook('exit 3', input, { env, signal })).toBe('it ended with status 3')
  expect(await runHook('true', input, { env, signal })).toBeUndefined()
  expect(await runHook('exec sleep 100', input, { env, signal, timeoutMs: 50 })).toContain('it took more than')
})
