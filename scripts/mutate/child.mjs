// A process that runs tests (worker.mjs), replaced when it hangs or has had enough.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const require = createRequire(import.meta.url);
const WASM = ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-c/tree-sitter-c.wasm'];

/** Silence of the process for so long means that it hangs; at its start it has all tests to parse. */
const SILENCE_MS = 20_000;
const PATIENCE_MS = 600_000;
/** Engines that were loaded for one mutant stay in the process's memory. */
const ENGINES_PER_PROCESS = 150;

export class Child {
  #process;
  #engines = 0;
  #script;

  /** @param library path of the engine as it is @param corpus path to text of the tests */
  constructor(library, corpus) {
    this.library = library;
    this.corpus = corpus;
  }

  /**
   * Sends a message and hears what comes, until the end.
   * @param patient whether each answer may take long
   * @throws Error if the script with the mutants cannot be loaded
   * @returns how it ended if not well: `{ kind, observed }`
   */
  async talk(message, heard, patient = false) {
    if (message.code !== undefined || message.anew) this.#engines++;
    if (this.#engines > ENGINES_PER_PROCESS) this.close();
    this.#process ??= await this.#start();
    const ending = await conversation(this.#process, message, heard, patient ? PATIENCE_MS : SILENCE_MS);
    if (ending !== undefined && ending.fatal) this.close();
    return ending === undefined ? undefined : { kind: ending.kind, observed: ending.observed };
  }

  /** Code of many mutants, by number: for messages that name one. */
  set script(script) {
    this.close();
    this.#script = script;
  }

  close() {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
  }

  async #start() {
    this.#engines = 0;
    const child = fork(WORKER, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    const wasm = WASM.map((path) => require.resolve(path));
    const messages = [{ library: pathToFileURL(this.library).href, wasm, corpus: this.corpus }];
    if (this.#script !== undefined) messages.push({ script: this.#script });
    for (const message of messages) {
      const ending = await conversation(child, message, () => undefined, PATIENCE_MS);
      if (ending === undefined) continue;
      child.kill('SIGKILL');
      throw new Error(`the tests and the engine cannot be loaded: ${ending.observed}`);
    }
    return child;
  }
}

function conversation(child, message, heard, silenceMs) {
  return new Promise((resolve) => {
    let timer;
    const end = (how) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(how);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => end({ fatal: true, kind: 'bound', observed: 'hangs' }), silenceMs);
    };
    const onExit = (code, signal) =>
      end({ fatal: true, kind: 'crash', observed: `the process ended with ${signal ?? code}` });
    const onMessage = (answer) => {
      if (answer.ready || answer.end) {
        end(answer.crash === undefined ? undefined : { fatal: false, kind: 'crash', observed: answer.crash });
        return;
      }
      if (!answer.alive) heard(answer.done, answer.found, answer.reach);
      wait();
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    wait();
    child.send(message);
  });
}
