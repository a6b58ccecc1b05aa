import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { projectPath } from '../support/project.js'

const markdownIn = (folder: string): string[] => readdirSync(projectPath(folder), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.md')).map(name => join(folder, name))
const DOCUMENTS = [...readdirSync(projectPath('.')).filter(name => name.endsWith('.md')), ...markdownIn('docs')]

/** Whether a file or folder of the project has that path; a `*` stands for any part of a name. */
function exists (path: string): boolean {
  if (!path.includes('*')) return existsSync(projectPath(path))
  const name = new RegExp(`^${path.slice(path.lastIndexOf('/') + 1).replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  return readdirSync(projectPath(dirname(path))).some(each => name.test(each))
}

/** The paths that a line names in code; a bare name of a file stands in the folder of the path before it. */
function pathsOf (line: string): string[] {
  const paths: string[] = []
  for (const [, name = ''] of line.matchAll(/`([\w*./-]+)`/g)) {
    if (/^(?:src|routes|test|scripts|bench|openapi|docs|\.ci)\//.test(name)) paths.push(name)
    else if (/^[\w*-]+\.[jt]s$/.test(name) && paths.length > 0) paths.push(`${dirname(paths.at(-1) ?? '')}/${name}`)
  }
  return paths
}

t.test('every file that the documents name, and every file that they link to, is there', async t => {
  let named = 0
  for (const document of DOCUMENTS) {
    const text = readFileSync(projectPath(document), 'utf8')
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => join(dirname(document), path))
    const paths = [...text.split('\n').flatMap(pathsOf), ...links]
    named += paths.length
    t.strictSame(paths.filter(path => !exists(path)), [], document)
  }
  t.ok(named > 100, String(named))
})

t.test('a name that is nowhere is found out, a bare one beside its neighbour', async t => {
  t.strictSame(pathsOf('| `src/a.ts`, `b.ts` and `x` | `c.ts` of `GET /docs` |'), ['src/a.ts', 'src/b.ts', 'src/c.ts'])
  t.notOk(exists('src/plugins/no-such-file.ts'))
  t.notOk(exists('src/no-such-*.ts'))
  t.ok(exists('src/store/carve-*.ts'))
})

t.test('the image runs the proxy as npm start does', async t => {
  const { scripts } = JSON.parse(readFileSync(projectPath('package.json'), 'utf8'))
  const dockerfile = readFileSync(projectPath('Dockerfile'), 'utf8')
  const words = ['ENTRYPOINT', 'CMD'].flatMap(name => JSON.parse(new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1] ?? '[]'))
  t.equal(words.join(' '), scripts.start)
})
