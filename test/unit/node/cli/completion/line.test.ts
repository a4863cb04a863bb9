import { describe, expect, test } from 'vitest'
import { quoteForBash, splitLine } from '../../../../../src/node/cli/completion/line.ts'

const BREAKS = ' \t\n"\'@><=;|&(:'

describe('a command line up to the cursor', () => {
  test.each([
    ['freechains ', [], '', ''],
    ['freechains ch', [], 'ch', ''],
    ['/usr/bin/freechains  chain "#chat"  lo', ['chain', '#chat'], 'lo', ''],
    ["freechains chain '#ch", ['chain'], '#ch', "'"],
    ['freechains chain "#ch', ['chain'], '#ch', '"'],
    [String.raw`freechains chain \#ch`, ['chain'], '#ch', ''],
    [String.raw`freechains chain \$fam\ ily "" x`, ['chain', '$fam ily', ''], 'x', ''],
    [String.raw`freechains chain "a\"b\x" `, ['chain', String.raw`a"b\x`], '', ''],
    [String.raw`freechains chain 'a\' `, ['chain', 'a\\'], '', ''],
    ['freechains chain a"b"\'c\'', ['chain'], 'abc', ''],
    ['', [], '', ''],
    ['freechains chain \\', ['chain'], '', ''],
  ])('%s', (line, words, current, quote) => {
    expect(splitLine(line)).toEqual({ words, current, quote })
  })

  test('is not evaluated: what a shell would run stays text', () => {
    expect(splitLine('freechains chain $(touch x) `y` $HOME').words).toEqual(['chain', '$(touch', 'x)', '`y`'])
  })
})

describe('a word for Bash', () => {
  test.each([
    ['freechains chain ', '#chat', String.raw`\#chat`],
    ['freechains chain ', '$family', String.raw`\$family`],
    ["freechains chain '$f", '$family', '$family'],
    ['freechains chain "$f', '$family', String.raw`\$family`],
    ['freechains chain @', '@!AB', String.raw`@\!AB`],
    ['freechains peer 10.0.0.2:8', '10.0.0.2:8331', '8331'],
    ['freechains --format=s', '--format=svg', 'svg'],
    ['freechains peer /ip4', '/ip4/10.0.0.2/tcp/8331', '/ip4/10.0.0.2/tcp/8331'],
    ['freechains peer ', 'x;rm -rf $(y)', String.raw`x\;rm\ -rf\ \$\(y\)`],
  ])('%s', (line, word, expected) => {
    expect(quoteForBash(word, splitLine(line), BREAKS)).toBe(expected)
  })
})
