import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

/** The arrows of docs/architecture.md point down only: each folder names what it must not reach. */
const wall = (files, group, message, ...more) => ({
  files,
  // A later rule of the same name replaces an earlier one whole, so that each wall repeats what holds everywhere.
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group: group.flat(), message }, noProcess, ...more] }] }
})
const noProcess = { group: ['node:process', 'process'], message: 'Only main.ts and commands touch process.' }
const UP = {
  commands: '**/commands/**',
  app: ['**/app.js', '**/routes/**'],
  plugins: '**/plugins/**',
  queue: '**/queue/**',
  relay: '**/relay/**',
  credentials: '**/credentials/**',
  plants: '**/plants/**',
  store: '**/store/**',
  intake: '**/intake/**',
  wayOut: '**/way-out/**',
  signing: '**/signing/**',
  fastPath: '**/fast-path/**',
  sandbox: '**/sandbox/**'
}
const above = UP.app.concat(UP.commands)
const IMPURE = ['fastify', 'fastify-plugin', '@fastify/*', 'undici', 'libsql', 'pino', 'node:fs', 'node:net', 'node:http', 'node:https']
const pure = { group: [...IMPURE, '**/clock.js'], message: 'This folder is pure: bytes and values in, values out.' }
const notSql = { group: ['libsql'], message: 'Only src/store knows SQL.' }

export default [
  ...neostandard({ ts: true, ignores: [...resolveIgnoresFromGitignore()] }),
  {
    files: ['src/**/*.ts', 'routes/**/*.ts'],
    rules: {
      'max-lines': ['error', 200],
      'max-lines-per-function': ['error', 50],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-globals': ['error', { name: 'process', message: 'Only main.ts and commands touch process.' }],
      'no-restricted-imports': ['error', { patterns: [notSql, noProcess] }]
    }
  },
  { files: ['src/main.ts', 'src/commands/**/*.ts'], rules: { 'no-restricted-globals': 'off' } },
  wall(['src/contract/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.plants, UP.store, UP.intake, UP.signing, UP.sandbox], 'contract stands at the bottom.', pure),
  wall(['src/catalog/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.plants, UP.store, UP.intake, UP.signing, UP.sandbox], 'the catalog knows the contract alone.', pure),
  wall(['src/mapping/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.plants, UP.store, UP.intake, UP.signing, UP.sandbox], 'mapping knows the contract alone.', pure),
  wall(['src/intake/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.plants, UP.store, UP.signing, UP.sandbox], 'intake knows mapping and the contract alone.', pure),
  wall(['src/signing/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.plants, UP.store, UP.intake, UP.sandbox], 'signing stands at the bottom.', pure),
  wall(['src/credentials/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.plants, UP.intake, UP.sandbox], 'credentials know the store and signing alone.', notSql),
  wall(['src/plants/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.intake, UP.signing, UP.sandbox], 'plants know the store, mapping and the contract alone.', notSql),
  {
    // The time that a comparison takes tells how much of a guess was right, and no test could measure it reliably.
    files: ['src/plants/**/*.ts', 'src/plugins/admin-token.ts', 'src/plugins/authenticate.ts'],
    rules: {
      'no-restricted-syntax': ['error',
        ...[
          'BinaryExpression[operator=/^[!=]==?$/]:not([right.type="Identifier"][right.name="undefined"]):has(Identifier[name=/^(hashKey|digest|hash|NO_HASH|expected|token)$/])',
          'CallExpression[callee.property.name=/^(equals|compare|startsWith|includes)$/]:has(Identifier[name=/^(hashKey|digest|hash|NO_HASH|expected|token)$/])'
        ].map(selector => ({ selector, message: 'Digests of keys and tokens are compared by timingSafeEqual alone.' }))
      ]
    }
  },
  wall(['src/way-out/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.plants, UP.store, UP.intake, UP.signing, UP.sandbox], 'the way out stands at the bottom.', notSql),
  wall(['src/store/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.plants, UP.intake, UP.signing, UP.sandbox], 'store stands at the bottom.'),
  wall(['src/relay/**/*.ts'], [...above, UP.plugins, UP.queue, UP.plants, UP.store, UP.intake, UP.sandbox], 'relay knows signing, credentials and contract.', notSql),
  wall(['src/queue/**/*.ts'], [...above, UP.plugins, UP.sandbox], 'queue knows relay and what is below.', notSql),
  {
    files: ['src/contract/**/*.ts', 'src/catalog/**/*.ts', 'src/mapping/**/*.ts', 'src/intake/**/*.ts', 'src/signing/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now' }, { object: 'Math', property: 'random' }]
    }
  },
  wall(['src/*.ts'], ['**/routes/**', './commands/**'], 'only the composition roots import routes, and nothing imports a command.', notSql),
  // The composition roots, and the program itself.
  { files: ['src/app.ts', 'src/admin-app.ts', 'src/main.ts'], rules: { 'no-restricted-imports': ['error', { patterns: [notSql] }] } },
  wall(['src/doctor/**/*.ts'], [...above, UP.plugins, UP.intake, UP.sandbox, '**/server.js', '../open-*.js'], 'doctor looks at the parts below the app, and starts none.', notSql),
  wall(['routes/**/*.ts'], ['./*', '**/routes/**', UP.commands, '**/app.js', UP.store, UP.sandbox], 'a route imports no route, no store and no command.', notSql),
  wall(['src/plugins/**/*.ts'], ['**/routes/**', UP.commands, '**/app.js', UP.store, UP.sandbox, UP.fastPath], 'a plugin imports no route, no store and no command.', notSql),
  wall(['src/fast-path/**/*.ts'], ['**/routes/**', UP.commands, '**/app.js', UP.store, UP.sandbox], 'the fast path imports no route, no store and no command.', notSql),
  wall(['src/sandbox/**/*.ts'], [...above, UP.plugins, UP.queue, UP.relay, UP.credentials, UP.plants, UP.store, UP.intake, UP.signing, UP.wayOut, '**/contract/**'], 'the sandbox is a second implementation: it shares no code with the proxy.', notSql),
  wall(['src/commands/**/*.ts'], ['**/routes/**', UP.store], 'only app.ts imports routes; the store is known by plants, credentials and queue.', notSql)
]
