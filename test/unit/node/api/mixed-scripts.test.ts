/** Names of chains that may look like others (spec §11). */
import { expect, test } from 'vitest'
import { mixedScriptsWarning } from '../../../../src/node/api/mixed-scripts.ts'

test.each([
  '#chat',
  '#',
  '#2026-11',
  '#olá.mundo',
  '#кино',
  '#カフェ-東京',
  '#ラーメン',
  '#東京tokyo',
  '#서울漢字',
  '$aλphα'.slice(0, 2),
])('%s is of one script, or of some that are written together', (name) => {
  expect(mixedScriptsWarning(name)).toBeUndefined()
})

test.each([
  ['#сhat', 'Cyrillic, Latin'],
  ['$pαypal', 'Greek, Latin'],
  ['#кинoλ', 'Cyrillic, Greek, Latin'],
  ['#東京кино', 'Cyrillic, Han'],
  ['#chatᏣ', 'Latin, another script'],
])('%s mixes %s', (name, scripts) => {
  expect(mixedScriptsWarning(name)).toContain(`(${scripts})`)
})
