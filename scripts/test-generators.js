// Generates clients with openapi-generator, runs them against a real proxy, and says what each read: `npm run test:generators`.
// Needs Java; the generator comes through npx. What this machine lacks is named, and only generated or compiled.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startDemo } from './start-demo.js'

const GENERATOR = '@openapitools/openapi-generator-cli@1.0.18-4.3.1'
const run = promisify(execFile)
const at = path => fileURLToPath(new URL(path, import.meta.url))
const has = (tool, ...args) => run(tool, args).then(() => true, () => false)

/** What is pushed, the fault that the cloud has meanwhile, and the line that a right client prints. */
const SCENARIOS = [
  { name: 'a push', expected: 'success' },
  { name: 'a push that is stored', stores: true, expected: 'stored' },
  { name: 'a dry run', dryRun: true, expected: 'dry-run' },
  { name: 'a body at fault', value: '', expected: '400 InvalidPush /devices/0/data/Ua' },
  { name: 'a wrong key', key: 'not-a-key', expected: '401 InvalidKey' },
  { name: 'a refusal of the cloud', fault: ['refuses', { code: 'QuotaExceeded.Something', statusCode: 409 }], expected: '409 QuotaExceeded.Something' },
  { name: 'a fault of the account', fault: ['refuses', { code: 'Forbidden.RAM', statusCode: 403 }], expected: '502 Cloud.AccountFault' },
  { name: 'a cloud that hangs up', fault: ['hangsUp'], expected: '504 Cloud.MaybeArrived' }
]

/** Each makes a client in a folder and answers the command that runs its program, or says why it cannot run here. */
const CLIENTS = {
  'typescript-fetch': {
    options: ['--additional-properties', 'typescriptThreePlus=true'],
    prepare: async folder => {
      cpSync(at('generated-clients/program.ts'), join(folder, 'program.ts'))
      writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}')
      const options = ['--strict', '--skipLibCheck', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--module', 'commonjs', '--moduleResolution', 'bundler', '--outDir', 'out']
      await run(process.execPath, [at('../node_modules/typescript/bin/tsc'), ...options, 'program.ts'], { cwd: folder })
      cpSync(join(folder, 'package.json'), join(folder, 'out/package.json'))
      return [process.execPath, join(folder, 'out/program.js')]
    }
  },
  python: {
    prepare: async folder => {
      if (!await has('python3', '--version')) throw new Missing('there is no Python here')
      await run('python3', ['-m', 'compileall', '-q', 'openapi_client'], { cwd: folder })
      if (!await has('python3', '-c', 'import certifi, dateutil, six, urllib3')) throw new Missing('it compiles; certifi, dateutil, six or urllib3 is missing here')
      cpSync(at('generated-clients/program.py'), join(folder, 'program.py'))
      return ['python3', join(folder, 'program.py')]
    }
  },
  java: {
    options: ['--library', 'native', '--additional-properties', 'dateLibrary=java8,invokerPackage=push,apiPackage=push.api,modelPackage=push.model'],
    prepare: async (folder, jar) => {
      if (!await has('javac', '-version')) throw new Missing('there is no Java compiler here')
      const sources = readdirSync(join(folder, 'src/main/java'), { recursive: true, withFileTypes: true })
        .filter(entry => entry.name.endsWith('.java')).map(entry => join(entry.parentPath, entry.name))
      const classes = join(folder, 'classes')
      // The jar of the generator holds nearly all that its clients need: Jackson and the annotations.
      await run('javac', ['-nowarn', '-cp', jar, '-d', classes, ...sources, at('generated-clients/Program.java'), at('generated-clients/JsonNullableModule.java')])
      return ['java', '-cp', `${classes}:${jar}`, 'Program']
    }
  }
}

class Missing extends Error {}

/** @returns the generator's jar, which the package brings along */
async function findJar () {
  const { stdout } = await run('npx', ['-y', '-p', GENERATOR, '-c', 'command -v openapi-generator'])
  return join(dirname(realpathSync(stdout.trim())), 'openapi-generator.jar')
}

async function pushInEveryWay (command, demo) {
  const wrong = []
  for (const { name, value = '226.0', stores = false, key = stores ? demo.storeKey : demo.key, dryRun = false, fault, expected } of SCENARIOS) {
    demo.cloud.heal()
    if (fault !== undefined) demo.cloud.inject(...fault)
    const [program, ...args] = command
    const { stdout } = await run(program, [...args, demo.origin, key, value, String(dryRun)])
    if (stdout.trim() !== expected) wrong.push(`${name}: expected "${expected}", the client read "${stdout.trim()}"`)
  }
  return wrong
}

async function testClient (language, folder, jar, demo) {
  const { options = [], prepare } = CLIENTS[language]
  mkdirSync(folder)
  await run('java', ['-jar', jar, 'generate', '-i', at('../openapi/openapi.json'), '-g', language, '-o', folder, ...options])
  const wrong = await pushInEveryWay(await prepare(folder, jar), demo)
  if (wrong.length > 0) throw new Error(wrong.join('\n  '))
  return `${SCENARIOS.length} ways to push, all read right`
}

if (!await has('java', '-version')) {
  process.stderr.write('There is no Java here, which the generator needs; nothing was tested.\n')
} else {
  const folder = mkdtempSync(join(tmpdir(), 'generators-'))
  const demo = await startDemo()
  try {
    const jar = await findJar()
    for (const language of Object.keys(CLIENTS)) {
      const outcome = await testClient(language, join(folder, language), jar, demo).catch(error => error)
      const failed = outcome instanceof Error && !(outcome instanceof Missing)
      if (failed) process.exitCode = 1
      process.stdout.write(`${language}: ${outcome instanceof Missing ? `generated; ${outcome.message}` : failed ? `failed\n  ${outcome.message}\n${outcome.stdout ?? ''}${outcome.stderr ?? ''}` : outcome}\n`)
    }
  } finally {
    await demo.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
