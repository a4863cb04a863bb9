/** What the forge runs: it exists, it may do as little as possible, and it is tried on the Node versions that are promised. */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { textOf } from '../../support/sources.ts'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly steps: readonly Step[]
  readonly permissions?: Readonly<Record<string, string>>
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly number[]>> }
  readonly 'timeout-minutes'?: number
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>
  readonly concurrency?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

const TOP = resolve(import.meta.dirname, '../../..')
const FOLDER = '.github/workflows'
const names = readdirSync(join(TOP, FOLDER)).sort()
const workflows = new Map(names.map((name) => [name, parse(textOf(`${FOLDER}/${name}`)) as Workflow]))
const ci = workflows.get('ci.yml')!
const manifest = JSON.parse(textOf('package.json')) as {
  readonly engines: { readonly node: string }
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** The major version in `engines`, and the LTS versions after it (2026-11). */
const NODES = [20, 22, 24]
const LOWEST = /^>=(\d+)\.\d+$/

function jobsOf({ jobs }: Workflow): readonly Job[] {
  return Object.values(jobs)
}

function nodesOf(job: Job): readonly number[] {
  return job.strategy?.matrix['node'] ?? []
}

test('there is one workflow for each purpose', () => {
  expect(names).toEqual(['ci.yml', 'nightly.yml', 'release.yml'])
})

describe.each([...workflows])('%s', (name, workflow) => {
  const steps = jobsOf(workflow).flatMap((job) => job.steps)
  const runs = steps.flatMap((step) => step.run ?? [])

  test('every script that it calls is there and can be run', () => {
    const called = runs.flatMap((run) => [...run.matchAll(/\.\/scripts\/[\w-]+/g)].map(([path]) => path))
    expect(called).not.toEqual([])
    for (const path of called) expect(() => accessSync(join(TOP, path), constants.X_OK), path).not.toThrow()
  })

  test('every npm script that it calls is in package.json', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
    const called = runs.flatMap((run) => [...run.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script!))
    expect(called.filter((script) => !(script in scripts))).toEqual([])
  })

  test('every action is pinned by the hash of a commit, with its version beside it', () => {
    const text = textOf(`${FOLDER}/${name}`)
    const used = [...text.matchAll(/uses: (.*)/g)].map(([, used]) => used!)
    expect(used).toHaveLength(steps.filter(({ uses }) => uses !== undefined).length)
    expect(used.filter((action) => !/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([])
  })

  test('a checkout leaves no credentials behind', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@') === true)
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([])
  })

  test('what the event says is no part of a command: expressions reach it as variables alone', () => {
    const inserted = runs.flatMap((run) => run.match(/\$\{\{[^}]*\}\}/g) ?? [])
    expect(inserted.filter((expression) => !/^\$\{\{ matrix\.\w+ \}\}$/.test(expression))).toEqual([])
  })

  test('it reads the repository and no more, unless a job says otherwise', () => {
    expect(workflow.permissions).toEqual(name === 'release.yml' ? {} : { contents: 'read' })
  })

  test('every job ends, and runs of one kind do not pile up', () => {
    expect(jobsOf(workflow).filter((job) => job['timeout-minutes'] === undefined)).toEqual([])
    expect(workflow.concurrency).toBeDefined()
  })

  test('Node is one of those that are promised', () => {
    const set = steps.flatMap((step) => step.with?.['node-version'] ?? [])
    expect(set.filter((node) => node !== '${{ matrix.node }}' && !NODES.includes(node as number))).toEqual([])
  })
})

describe('ci.yml', () => {
  test('tests run on every Node that is promised, from the lowest one in engines on', () => {
    expect(Number(LOWEST.exec(manifest.engines.node)?.[1])).toBe(NODES[0])
    for (const job of ['install', 'unit', 'integration']) expect(nodesOf(ci.jobs[job]!), job).toEqual(NODES)
  })

  test('npm 10 and npm 11 install from the lock file', () => {
    expect(ci.jobs['install']!.strategy?.matrix['npm']).toEqual([10, 11])
    expect(ci.jobs['install']!.steps.map(({ run }) => run)).toContain('npm ci --ignore-scripts')
  })

  test.each(['checks', 'unit', 'integration'])('%s is a job of its own that waits for no other', (part) => {
    expect(ci.jobs[part]!.steps.at(-1)!.run).toBe(`./scripts/test ${part}`)
    expect(ci.jobs[part]).not.toHaveProperty('needs')
  })
})

test('a release: only what publishes has an identity, only what announces may write', () => {
  const { jobs } = workflows.get('release.yml')!
  const allowed = Object.entries(jobs).map(([name, { permissions }]) => [name, permissions])
  expect(Object.fromEntries(allowed)).toEqual({
    verify: { contents: 'read' },
    publish: { contents: 'read', 'id-token': 'write' },
    announce: { contents: 'write' },
  })
})

describe('dependabot.yml', () => {
  interface Update {
    readonly 'package-ecosystem': string
    readonly ignore?: readonly { readonly 'dependency-name': string; readonly versions?: readonly string[] }[]
  }
  const { updates } = parse(textOf('.github/dependabot.yml')) as { readonly updates: readonly Update[] }

  test('packages, actions and the base image are looked after', () => {
    expect(updates.map((update) => update['package-ecosystem'])).toEqual(['npm', 'github-actions', 'docker'])
  })

  test('what is held back is used, and held below where it says', () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies }
    for (const { 'dependency-name': name, versions } of updates[0]!.ignore!) {
      const from = versions!.map((range) => /^>=([\d.]+)$/.exec(range)![1]!.split('.').map(Number))[0]!
      const [major, minor] = declared[name]?.split('.').map(Number) ?? []
      expect(major! < from[0]! || (major === from[0] && minor! < (from[1] ?? 0)), name).toBe(true)
    }
  })
})

test('issue templates are read by the forge: YAML with a name, a description and a body', () => {
  const folder = '.github/ISSUE_TEMPLATE'
  const templates = readdirSync(join(TOP, folder)).filter((name) => name !== 'config.yml')
  expect(templates).toEqual(['bug.yml', 'feature.yml', 'question.yml'])
  for (const name of templates) {
    const template = parse(textOf(`${folder}/${name}`)) as Readonly<Record<string, unknown>>
    expect(Object.keys(template), name).toEqual(expect.arrayContaining(['name', 'description', 'body']))
  }
  expect(existsSync(join(TOP, folder, 'config.yml'))).toBe(true)
})
