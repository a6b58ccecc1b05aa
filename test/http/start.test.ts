import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { request } from 'undici'
import { onePush } from '../support/proxy.js'
import { projectPath, projectUrl } from '../support/project.js'
import { makeWorkplace, startCommand } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'

/** Packages that no first push needs; each takes 10 to 100 ms of a start. */
const LATER = ['undici', '@fastify/swagger', 'yaml', 'ajv', '@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'csv-parse', 'pino-pretty', 'cli-table3']

/** At its end, a process writes down what is in the cache of `require()`: the files of all packages, but for TypeBox's. */
const writesWhatItLoaded = (file: string): string => `--import=data:text/javascript,${encodeURIComponent(`
  import { writeFileSync } from 'node:fs'
  import { createRequire } from 'node:module'
  process.on('exit', () => { writeFileSync(${JSON.stringify(file)}, JSON.stringify(Object.keys(createRequire('/x.js').cache))) })`)}`

const packageOf = (file: string): string | undefined => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]

/** All that a compiled file and what it imports are made of, as long as it is imported at once. */
function importsOf (...starts: string[]): { files: Set<string>, packages: Set<string> } {
  const [files, packages] = [new Set<string>(), new Set<string>()]
  const left = starts.map(start => projectUrl(`dist/${start}`))
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    const name = fileURLToPath(file)
    if (files.has(name)) continue
    files.add(name)
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import\s*|(?:import|export)\b[^;'"=]*\bfrom\s*)['"]([^'"]+)['"]/gm)) {
      if (from.startsWith('.')) left.push(new URL(from, file))
      else if (!from.startsWith('node:')) packages.add(from)
    }
  }
  return { files, packages }
}

const within = (files: Set<string>, folder: string): string[] => [...files].filter(file => file.startsWith(projectPath(`dist/${folder}/`))).map(file => file.slice(projectPath(`dist/${folder}/`).length)).sort()

t.test('until the first push is answered, serve loads no package that the push does not need', async t => {
  const { folder, env } = makeWorkplace(t)
  const list = join(folder, 'loaded.json')
  const sandbox = startCommand(t, ['sandbox', '--port', '0'], { folder, env })
  const [, endpoint = ''] = await sandbox.says(/(http:\/\/127\.0\.0\.1:\d+)/)
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: endpoint, ALIBABA_CLOUD_ACCESS_KEY_ID: 'sandbox-key-id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'sandbox-key-secret' }
  await runHere(['plants', 'add', 'north'], { folder, env: settings })
  const { key } = JSON.parse((await runHere(['keys', 'create', 'north', '--json'], { folder, env: settings })).stdout)
  const proxy = startCommand(t, ['serve'], { folder, env: settings, flags: [writesWhatItLoaded(list)] })
  const [, origin = ''] = await proxy.says(/listens on (\S+)/)
  const answer = await request(`${origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key }, body: JSON.stringify(onePush) })
  await answer.body.dump()
  t.equal(answer.statusCode, 200, proxy.stderr())
  proxy.child.kill('SIGTERM')
  await once(proxy.child, 'close')
  const loaded: string[] = JSON.parse(readFileSync(list, 'utf8'))
  const files = loaded.filter(file => packageOf(file) !== undefined)
  const packages = new Set(files.map(packageOf))
  for (const name of ['fastify', 'pino', 'libsql', '@alicloud/credentials']) t.ok(packages.has(name), `the list has ${name}`)
  t.strictSame(LATER.filter(name => packages.has(name)), [])
  t.ok(files.length < 380, `${files.length} files of packages; 329 when this was written`)
})

t.test('what serve imports has no other command, no doctor, no sandbox, and is no larger than it was', async t => {
  const { files, packages } = importsOf('src/main.js', 'src/commands/serve.js', 'src/commands/run-server.js', 'src/app.js', 'src/admin-app.js')
  t.strictSame(within(files, 'src/commands'), ['commands.js', 'failure.js', 'program.js', 'run-server.js', 'serve.js'])
  t.strictSame([...within(files, 'src/doctor'), ...within(files, 'src/sandbox')], [])
  t.strictSame(LATER.filter(name => packages.has(name)), [])
  t.ok(files.size > 300 && files.size < 400, `${files.size} files; 357 when this was written`)
})

t.test('the queue\'s thread loads the database and nothing of the server', async t => {
  const { files, packages } = importsOf('src/queue/queue-thread.js')
  t.strictSame([...packages], ['libsql'])
  t.ok(files.size < 75, `${files.size} files; 60 when this was written`)
})

t.test('the server\'s own start does not import the apps: they are loaded while the queue\'s thread starts', async t => {
  const { files, packages } = importsOf('src/commands/run-server.js')
  t.strictSame([within(files, 'src/plugins'), within(files, 'routes'), within(files, 'src/intake'), packages.has('fastify')], [[], [], [], false])
})

t.test('where Node was told not to load ES modules by require(), serve starts all the same', async t => {
  const { folder, env } = makeWorkplace(t)
  const proxy = startCommand(t, ['serve'], { folder, env: { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: 'http://127.0.0.1:9' }, flags: ['--no-experimental-require-module'] })
  const [, origin = ''] = await proxy.says(/listens on (\S+)/)
  const answer = await request(`${origin}/openapi.json`)
  t.match(await answer.body.json(), { openapi: '3.0.3' })
})
