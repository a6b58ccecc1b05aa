// Carries out the steps of a Dockerfile in folders of this machine: no layers, no network of its own, the programs that are here.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'

/** What was fetched before need not be asked for again; nothing else of what npm does depends on these. */
const NPM = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' }

/** The instructions with their text, comments gone, continued lines joined. */
export function parse (text) {
  const lines = text.split('\n').filter(line => !/^\s*(#|$)/.test(line)).join('\n').replace(/\\\n/g, ' ').split('\n')
  return lines.map(line => {
    const [, name, rest] = /^\s*([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (name === undefined) throw new Error(`This line is no instruction: ${line}`)
    return { name, rest: rest.trim() }
  })
}

/** What .dockerignore lets through: here a list of exceptions from everything, which leaves nothing to guess. */
function readAllowed (context) {
  const [first, ...exceptions] = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n').filter(line => !/^\s*(#|$)/.test(line))
  if (first !== '*' || exceptions.some(line => !line.startsWith('!') || /[*?[]/.test(line))) throw new Error('.dockerignore must be * and plain exceptions.')
  return exceptions.map(line => line.slice(1))
}

/**
 * Builds the last stage.
 * @param context The folder that COPY reads.
 * @param workplace An empty folder; each stage gets one in it, which stands for its root.
 * @returns The last stage: its root and what the instructions said of running it.
 */
export function build ({ text, context, workplace, log }) {
  const allowed = readAllowed(context)
  const stages = []
  let stage
  const inRoot = path => join(stage.root, posix.resolve(stage.workdir, path))

  const steps = {
    FROM (rest) {
      const [, image, name = String(stages.length)] = /^(\S+)(?: AS (\S+))?$/i.exec(rest) ?? []
      // A tag that moves would make another image tomorrow.
      if (!/^node:24\.\d+\.\d+-[a-z]+-slim$/.test(image)) throw new Error(`The base image ${image} is not pinned to an exact slim tag of Node 24.`)
      stage = { name, image, root: join(workplace, `stage-${stages.length}`), workdir: '/', env: {}, places: [] }
      mkdirSync(stage.root, { mode: 0o755 })
      stages.push(stage)
    },
    WORKDIR (rest) {
      stage.workdir = posix.resolve(stage.workdir, rest)
      stage.places.push(stage.workdir)
      mkdirSync(inRoot('.'), { recursive: true })
    },
    COPY (rest) {
      const words = rest.split(/\s+/)
      const from = words[0].startsWith('--from=') ? stages.find(({ name }) => name === words[0].slice(7)) : undefined
      const [to, ...sources] = words.filter(word => !word.startsWith('--')).reverse()
      for (const source of sources) {
        if (from === undefined && !allowed.some(path => source.replace(/\/$/, '') === path || source.startsWith(`${path}/`))) throw new Error(`COPY ${source}: .dockerignore keeps it out.`)
        const path = join(from === undefined ? context : from.root, source)
        if (!existsSync(path)) throw new Error(`COPY ${source}: it is not there.`)
        // As Docker does it: a folder's contents go into the target, a file keeps its name in a target that ends with a slash.
        const target = source.endsWith('/') || !to.endsWith('/') ? inRoot(to) : join(inRoot(to), basename(source))
        mkdirSync(dirname(target), { recursive: true })
        if (from === undefined) cpSync(path, target, { recursive: true, verbatimSymlinks: true })
        // Nobody writes to a stage that was copied from: links take 1 s where copies took 9.
        else if (spawnSync('cp', ['-al', path, target]).status !== 0) throw new Error(`COPY ${rest} failed.`)
      }
    },
    RUN (rest) {
      // Absolute paths of the image are those of the stage here.
      const places = ['/data', ...stage.places]
      const command = rest.replace(/(?<=\s)\/[\w./-]+/g, path => places.some(place => path === place || path.startsWith(`${place}/`)) ? join(stage.root, path) : path)
      const ran = spawnSync('sh', ['-ec', process.getuid() === 0 ? command : command.replace(/ -[og] \d+/g, '')], { cwd: inRoot('.'), env: { ...process.env, ...NPM, ...stage.env }, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
      if (ran.status !== 0) throw new Error(`RUN ${rest} failed.\n${ran.stdout}`)
    },
    ENV (rest) { for (const word of rest.split(/\s+/)) stage.env[word.slice(0, word.indexOf('='))] = word.slice(word.indexOf('=') + 1) },
    USER (rest) { stage.user = rest },
    VOLUME (rest) { stage.volume = rest },
    EXPOSE () {},
    HEALTHCHECK (rest) { stage.healthcheck = JSON.parse(rest.slice(rest.indexOf('CMD') + 3)) },
    ENTRYPOINT (rest) { stage.entrypoint = JSON.parse(rest) },
    CMD (rest) { stage.command = JSON.parse(rest) }
  }

  for (const { name, rest } of parse(text)) {
    if (!Object.hasOwn(steps, name)) throw new Error(`The instruction ${name} is not known here.`)
    const startedAtMs = performance.now()
    steps[name](rest)
    if (['RUN', 'COPY'].includes(name)) log(`${name} ${rest} (${Math.round(performance.now() - startedAtMs)} ms)`)
  }
  return stage
}
