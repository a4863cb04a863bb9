/** The container image, looked at where no Docker engine runs: a linter's rules, and this project's. */
import { DockerfileParser, JSONInstruction } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { describe, expect, test } from 'vitest'
import { textOf } from '../../support/sources.ts'

/** What is wrong with a Dockerfile, one line for each. */
function problemsOf(text: string): readonly string[] {
  const file = DockerfileParser.parse(text)
  const froms = file.getFROMs()
  const names = froms.map((from) => from.getBuildStage())
  const last = file.getInstructions().slice(file.getInstructions().indexOf(froms.at(-1)!))
  const argumentsOf = (keyword: string): readonly string[] =>
    last.filter((instruction) => instruction.getKeyword() === keyword).map((found) => found.getArgumentsContent() ?? '')
  const isExec = (keyword: string): boolean => {
    const found = last.filter((instruction) => instruction.getKeyword() === keyword)
    return found.length === 1 && found[0] instanceof JSONInstruction && found[0].getOpeningBracket() !== null
  }

  const problems = validate(text).map(({ message }) => (typeof message === 'string' ? message : message.value))
  for (const from of froms) {
    const tag = from.getImageTag() ?? from.getImageDigest()
    if (names.includes(from.getImage())) continue
    if (tag === null || tag === 'latest') problems.push(`${from.getImage() ?? ''}: no version`)
  }
  if (froms.length < 2) problems.push('what builds is not left behind in a stage of its own')
  const user = argumentsOf('USER').at(-1)
  if (user === undefined || /^(root|0)(:|$)/.test(user)) problems.push('it runs as root')
  if (!argumentsOf('VOLUME').some((volume) => volume.includes('/var/lib/freechains'))) problems.push('no volume')
  if (!argumentsOf('HEALTHCHECK').some((check) => /CMD \["freechains",/.test(check))) problems.push('no health check')
  if (argumentsOf('EXPOSE').join() !== '8331/tcp') problems.push('other ports than 8331 are exposed')
  if (argumentsOf('STOPSIGNAL').join() !== 'SIGTERM') problems.push('no stop signal')
  for (const keyword of ['ENTRYPOINT', 'CMD']) {
    // In shell form a shell is the first process, and signals end there.
    if (!isExec(keyword)) problems.push(`${keyword} is not in exec form`)
  }
  if (!argumentsOf('RUN').some((run) => run.includes('npm ci --omit=dev'))) problems.push('development packages')
  return problems
}

const dockerfile = textOf('Dockerfile')

test('the Dockerfile is without a fault', () => {
  expect(problemsOf(dockerfile)).toEqual([])
})

describe('each fault is found', () => {
  test.each([
    ['an unknown instruction', 'USER 1000:1000', 'USSER 1000:1000', 'Unknown instruction: USSER'],
    ['root', 'USER 1000:1000', 'USER root', 'it runs as root'],
    ['root by number', 'USER 1000:1000', 'USER 0:0', 'it runs as root'],
    ['no user', 'USER 1000:1000', '', 'it runs as root'],
    ['the newest of everything', 'FROM node:24-bookworm-slim AS', 'FROM node:latest AS', 'node:latest: no version'],
    ['no tag', 'FROM node:24-bookworm-slim\n', 'FROM node\n', 'node: no version'],
    ['one stage', 'FROM node:24-bookworm-slim\n', '', 'what builds is not left behind in a stage of its own'],
    ['no volume', 'VOLUME ["/var/lib/freechains"]', '', 'no volume'],
    ['no health check', 'CMD ["freechains", "info"]', 'CMD ["true"]', 'no health check'],
    ['the control port', 'EXPOSE 8331/tcp', 'EXPOSE 8331/tcp 8330/tcp', 'other ports than 8331 are exposed'],
    ['a shell before the node', 'ENTRYPOINT ["freechains"]', 'ENTRYPOINT freechains', 'ENTRYPOINT is not in exec form'],
    ['no stop signal', 'STOPSIGNAL SIGTERM', '', 'no stop signal'],
    ['development packages', 'npm ci --omit=dev', 'npm ci', 'development packages'],
  ])('%s', (_, sound, faulty, problem) => {
    expect(dockerfile).toContain(sound)
    expect(problemsOf(dockerfile.replace(sound, faulty))).toContain(problem)
  })
})

test('what the image is built from is let in by name: no history, no data, no packages of this machine', () => {
  const lines = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines[0]).toBe('*')
  expect(lines).toEqual(expect.arrayContaining(['!package.json', '!package-lock.json', '!.npmrc', '!src', '!packages']))
  expect(lines.indexOf('**/node_modules')).toBeGreaterThan(lines.indexOf('!packages'))
})

test('the version of Node is the newest one that the tests run on', () => {
  const [, major] = /FROM node:(\d+)-/.exec(dockerfile)!
  expect(textOf('.github/workflows/ci.yml')).toContain(`node: [20, 22, ${major!}]`)
})
